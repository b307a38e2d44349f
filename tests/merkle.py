"""RFC 6962 in a few lines, independent of the code under test."""

import hashlib


def leaf_hash(record):
    return hashlib.sha256(b"\0" + record).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def roots(leaves):
    """The root of every prefix: roots(leaves)[n] is that of the first n leaves."""
    found, perfect = [hashlib.sha256().digest()], []
    for size, leaf in enumerate(leaves, start=1):
        # `perfect` holds the maximal perfect subtrees, biggest first, as (leaves, hash).
        perfect.append((1, leaf))
        while len(perfect) > 1 and perfect[-1][0] == perfect[-2][0]:
            (count, right), (_, left) = perfect.pop(), perfect.pop()
            perfect.append((2 * count, node_hash(left, right)))
        root = perfect[-1][1]
        for _, left in reversed(perfect[:-1]):
            root = node_hash(left, root)
        found.append(root)
    return found


def root_from_inclusion(index, size, leaf, proof):
    """The root that an inclusion proof leads to (RFC 9162 §2.1.3.2)."""
    position, last, root = index, size - 1, leaf
    for sibling in proof:
        assert last > 0, "the proof is too long"
        if position % 2 or position == last:
            root = node_hash(sibling, root)
            while position % 2 == 0 and position:
                position, last = position // 2, last // 2
        else:
            root = node_hash(root, sibling)
        position, last = position // 2, last // 2
    assert last == 0, "the proof is too short"
    return root
