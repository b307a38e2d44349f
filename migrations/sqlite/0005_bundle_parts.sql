-- A bundle's compressed stream can be entered every 32 entries: the compressed lengths of its parts. Bundles
-- that were sealed before have none, and are read whole.
ALTER TABLE entry_bundles ADD COLUMN parts blob NOT NULL DEFAULT x'';
