"""Human3.6M: people in motion before four cameras, with 32 joints."""
