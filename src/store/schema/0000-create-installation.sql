-- What this database is: above all, the world it belongs to (live, sandbox or simulated), for good.

CREATE TABLE installation (
  name {text:32} NOT NULL,
  value {text:200} NOT NULL,
  CONSTRAINT installation_name PRIMARY KEY (name)
){table};
