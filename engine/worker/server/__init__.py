"""Sessions, clients and queries. No torch: what needs it goes through `torch_tasks`."""
