"""PanDA as we read it: its tasks with their numbers of jobs, over API v1 of panda-server 0.6.0 and newer."""
