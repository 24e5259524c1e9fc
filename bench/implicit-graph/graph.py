"""The graph of graph.mjs: rowPointers, columns, values and numbers of nodes."""
import numpy as np


def word(place):
    state = ((place + 1) * 0x9E3779B1) & 0xFFFFFFFF
    for _ in range(2):
        state = ((state ^ (state >> 16)) * 0x45D9F3B) & 0xFFFFFFFF
    return state ^ (state >> 16)


def graph_of(nodes, edges, width):
    places = np.arange(edges, dtype=np.uint64)
    rows = (word(2 * places) % nodes).astype(np.int64)
    columns = (word(2 * places + 1) % nodes).astype(np.int64)
    order = np.lexsort((columns, rows))
    pointers = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=nodes))])
    values = 0.5 + (np.arange(edges) % 7) / 16
    x = ((np.arange(nodes * width) % 1013) - 506) / 512
    return pointers, columns[order], values, x.reshape(nodes, width)
