"""Time on a device: what a network does, what each unit of it costs, calibration."""
