"""Control of a humanoid from a model: robot, estimation, MPC, whole-body control, arbitration."""
