-- Checkpoints of the past, one a second at most.
CREATE TABLE checkpoints (
    tree integer NOT NULL,
    size integer NOT NULL,
    note text NOT NULL,
    PRIMARY KEY (tree, size)
);

-- What this witness has seen of each log: its newest checkpoint.
CREATE TABLE witnessed_logs (
    origin text PRIMARY KEY,
    size integer NOT NULL,
    root blob NOT NULL
);
