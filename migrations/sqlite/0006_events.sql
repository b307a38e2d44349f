-- How far events of a tree's entries were delivered to a sink: entries from `next` on are still to be told.
CREATE TABLE event_cursors (
    tree integer NOT NULL,
    sink text NOT NULL,
    next integer NOT NULL,
    PRIMARY KEY (tree, sink)
);
