"""The rigid body under the estimate: soles and their motion, contact, unexplained force."""
