"""The core's own components, registered by the same hooks as anyone's."""

BUILT_IN_MODULES = (
    "cbrkit_xai.aggregators.mean",
    "cbrkit_xai.aggregators.median",
    "cbrkit_xai.metrics.cosine",
    "cbrkit_xai.metrics.euclidean",
    "cbrkit_xai.organizers.dbscan_prototypes",
    "cbrkit_xai.organizers.linear",
    "cbrkit_xai.retention.always",
    "cbrkit_xai.retention.novel",
    "cbrkit_xai.reuse.mean",
)
