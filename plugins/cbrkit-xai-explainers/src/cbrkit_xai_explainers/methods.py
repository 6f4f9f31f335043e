"""Registers the explanation methods."""

from __future__ import annotations

from collections.abc import Iterator

from cbrkit_xai import ExplainerPlugin, hookimpl


@hookimpl
def cbrkit_xai_explainers() -> Iterator[ExplainerPlugin]:
    """Yield the paper's four methods, six more, and three controls."""
    yield ExplainerPlugin(
        name="lime",
        summary="Which superpixels a local linear model needs",
        source="Ribeiro, Singh and Guestrin 2016",
        factory="cbrkit_xai_explainers.lime:Lime",
        needs=(
            "scikit-image",
            "scikit-learn",
        ),
    )
    yield ExplainerPlugin(
        name="anchors",
        summary="The superpixels that by themselves keep the prediction",
        source="Ribeiro, Singh and Guestrin 2018; bounds by Kaufmann and Kalyanakrishnan 2013",
        factory="cbrkit_xai_explainers.anchors:Anchors",
        needs=("scikit-image", "scipy"),
    )
    yield ExplainerPlugin(
        name="ig",
        summary="Gradients summed up on the way from black to the photo, until they add up",
        source="Sundararajan, Taly and Yan 2017",
        factory="cbrkit_xai_explainers.integrated_gradients:IntegratedGradients",
        needs=("scipy",),
        needs_gradients=True,
    )
    yield ExplainerPlugin(
        name="xrai",
        summary="Regions, ranked by their integrated gradients",
        source="Kapishnikov et al. 2019; the package saliency",
        factory="cbrkit_xai_explainers.xrai:Xrai",
        needs=(
            "saliency",
            "scikit-image",
            "scipy",
        ),
        needs_gradients=True,
    )
    yield ExplainerPlugin(
        name="occlusion",
        summary="How much the probability falls when a patch is hidden",
        source="Zeiler and Fergus 2014",
        factory="cbrkit_xai_explainers.occlusion:Occlusion",
    )
    yield ExplainerPlugin(
        name="rise",
        summary="How probable the class is while random parts are hidden",
        source="Petsiuk, Das and Saenko 2018",
        factory="cbrkit_xai_explainers.rise:Rise",
    )
    yield ExplainerPlugin(
        name="gradient",
        summary="How the probability changes with each pixel",
        source="Simonyan, Vedaldi and Zisserman 2014",
        factory="cbrkit_xai_explainers.plain_gradient:PlainGradient",
        needs_gradients=True,
    )
    yield ExplainerPlugin(
        name="smoothgrad",
        summary="The gradient, averaged over noisy copies of the photo",
        source="Smilkov et al. 2017",
        factory="cbrkit_xai_explainers.smooth_grad:SmoothGrad",
        needs_gradients=True,
    )
    yield ExplainerPlugin(
        name="blur-ig",
        summary="Gradients summed up while the photo comes into focus",
        source="Xu, Venugopalan and Sundararajan 2020",
        factory="cbrkit_xai_explainers.blur_ig:BlurIntegratedGradients",
        needs=("scipy",),
        needs_gradients=True,
    )
    yield ExplainerPlugin(
        name="grad-cam",
        summary="Where the last convolution's maps speak for the class",
        source="Selvaraju et al. 2017",
        factory="cbrkit_xai_explainers.grad_cam:GradCam",
        needs_feature_maps=True,
    )
    yield ExplainerPlugin(
        name="random",
        summary="A control: smoothed noise that knows nothing of the photo",
        source="Adebayo et al. 2018",
        factory="cbrkit_xai_explainers.controls:RandomAttribution",
        needs=("scipy",),
    )
    yield ExplainerPlugin(
        name="edges",
        summary="A control: the photo's edges, whatever the classifier says",
        source="Adebayo et al. 2018",
        factory="cbrkit_xai_explainers.controls:EdgeAttribution",
        needs=("scipy",),
    )
    yield ExplainerPlugin(
        name="centre",
        summary="A control: a blob in the middle",
        source="Judd, Ehinger, Durand and Torralba 2009",
        factory="cbrkit_xai_explainers.controls:CentreAttribution",
    )
