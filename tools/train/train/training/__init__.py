"""What all trainings share: devices, plans, checkpoints, averages, data order, workers and the loop."""
