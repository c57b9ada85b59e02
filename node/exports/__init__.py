"""What leaves a registry for others to use: national system, regulator, data catalogues."""
