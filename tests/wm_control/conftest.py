from robot_states import g1, model, standing

__all__ = ["g1", "model", "standing"]
