"""The supervisor of the appliance: starts the components, keeps them healthy, and later replaces the appliance by a newer one."""
