"""What torchvision says of its networks and their ImageNet weights, so that it is read without it.

A test holds each row against torchvision.
"""

from typing import Literal, NamedTuple


class Row(NamedTuple):
    """A network of torchvision."""

    name: str
    weights_name: str
    """Of the weights that are taken, in torchvision's list for this network."""
    parameters_millions: float
    resize: int
    """Short side of the image that the input is cut out of, in pixels."""
    input_size: int
    interpolation: Literal["bilinear", "bicubic"]
    imagenet_accuracy: float
    """Share of ImageNet's validation images that these weights tell right, 0 to 1."""
    billion_operations: float
    is_free: bool = True
    """Whether the weights may be used commercially."""
    is_imagenet_scale: bool = True
    """Normalised by ImageNet's mean and deviation; else both are a half."""


ROWS = (
    Row("alexnet", "IMAGENET1K_V1", 61.1, 256, 224, "bilinear", 0.56522, 0.714),
    Row("convnext_base", "IMAGENET1K_V1", 88.6, 232, 224, "bilinear", 0.84062, 15.355),
    Row("convnext_large", "IMAGENET1K_V1", 197.8, 232, 224, "bilinear", 0.84414, 34.361),
    Row("convnext_small", "IMAGENET1K_V1", 50.2, 230, 224, "bilinear", 0.83616, 8.684),
    Row("convnext_tiny", "IMAGENET1K_V1", 28.6, 236, 224, "bilinear", 0.8252, 4.456),
    Row("densenet121", "IMAGENET1K_V1", 8.0, 256, 224, "bilinear", 0.74434, 2.834),
    Row("densenet161", "IMAGENET1K_V1", 28.7, 256, 224, "bilinear", 0.77138, 7.728),
    Row("densenet169", "IMAGENET1K_V1", 14.1, 256, 224, "bilinear", 0.756, 3.36),
    Row("densenet201", "IMAGENET1K_V1", 20.0, 256, 224, "bilinear", 0.76896, 4.291),
    Row("efficientnet_b0", "IMAGENET1K_V1", 5.3, 256, 224, "bicubic", 0.77692, 0.386),
    Row("efficientnet_b1", "IMAGENET1K_V2", 7.8, 255, 240, "bilinear", 0.79838, 0.687),
    Row("efficientnet_b2", "IMAGENET1K_V1", 9.1, 288, 288, "bicubic", 0.80608, 1.088),
    Row("efficientnet_b3", "IMAGENET1K_V1", 12.2, 320, 300, "bicubic", 0.82008, 1.827),
    Row("efficientnet_b4", "IMAGENET1K_V1", 19.3, 384, 380, "bicubic", 0.83384, 4.394),
    Row("efficientnet_b5", "IMAGENET1K_V1", 30.4, 456, 456, "bicubic", 0.83444, 10.266),
    Row("efficientnet_b6", "IMAGENET1K_V1", 43.0, 528, 528, "bicubic", 0.84008, 19.068),
    Row("efficientnet_b7", "IMAGENET1K_V1", 66.3, 600, 600, "bicubic", 0.84122, 37.746),
    Row(
        "efficientnet_v2_l",
        "IMAGENET1K_V1",
        118.5,
        480,
        480,
        "bicubic",
        0.85808,
        56.08,
        is_imagenet_scale=False,
    ),
    Row("efficientnet_v2_m", "IMAGENET1K_V1", 54.1, 480, 480, "bilinear", 0.85112, 24.582),
    Row("efficientnet_v2_s", "IMAGENET1K_V1", 21.5, 384, 384, "bilinear", 0.84228, 8.366),
    Row("googlenet", "IMAGENET1K_V1", 6.6, 256, 224, "bilinear", 0.69778, 1.498),
    Row("inception_v3", "IMAGENET1K_V1", 27.2, 342, 299, "bilinear", 0.77294, 5.713),
    Row("maxvit_t", "IMAGENET1K_V1", 30.9, 224, 224, "bicubic", 0.837, 5.558),
    Row("mnasnet0_5", "IMAGENET1K_V1", 2.2, 256, 224, "bilinear", 0.67734, 0.104),
    Row("mnasnet0_75", "IMAGENET1K_V1", 3.2, 232, 224, "bilinear", 0.7118, 0.215),
    Row("mnasnet1_0", "IMAGENET1K_V1", 4.4, 256, 224, "bilinear", 0.73456, 0.314),
    Row("mnasnet1_3", "IMAGENET1K_V1", 6.3, 232, 224, "bilinear", 0.76506, 0.526),
    Row("mobilenet_v2", "IMAGENET1K_V1", 3.5, 256, 224, "bilinear", 0.71878, 0.301),
    Row("mobilenet_v3_large", "IMAGENET1K_V2", 5.5, 232, 224, "bilinear", 0.75274, 0.217),
    Row("mobilenet_v3_small", "IMAGENET1K_V1", 2.5, 256, 224, "bilinear", 0.67668, 0.057),
    Row("regnet_x_16gf", "IMAGENET1K_V2", 54.3, 232, 224, "bilinear", 0.82716, 15.941),
    Row("regnet_x_1_6gf", "IMAGENET1K_V2", 9.2, 232, 224, "bilinear", 0.79668, 1.603),
    Row("regnet_x_32gf", "IMAGENET1K_V2", 107.8, 232, 224, "bilinear", 0.83014, 31.736),
    Row("regnet_x_3_2gf", "IMAGENET1K_V2", 15.3, 232, 224, "bilinear", 0.81196, 3.177),
    Row("regnet_x_400mf", "IMAGENET1K_V2", 5.5, 232, 224, "bilinear", 0.74864, 0.414),
    Row("regnet_x_800mf", "IMAGENET1K_V2", 7.3, 232, 224, "bilinear", 0.77522, 0.8),
    Row("regnet_x_8gf", "IMAGENET1K_V2", 39.6, 232, 224, "bilinear", 0.81682, 7.995),
    Row(
        "regnet_y_128gf",
        "IMAGENET1K_SWAG_E2E_V1",
        644.8,
        384,
        384,
        "bicubic",
        0.88228,
        374.57,
        is_free=False,
    ),
    Row("regnet_y_16gf", "IMAGENET1K_V2", 83.6, 232, 224, "bilinear", 0.82886, 15.912),
    Row("regnet_y_1_6gf", "IMAGENET1K_V2", 11.2, 232, 224, "bilinear", 0.80876, 1.612),
    Row("regnet_y_32gf", "IMAGENET1K_V2", 145.0, 232, 224, "bilinear", 0.83368, 32.28),
    Row("regnet_y_3_2gf", "IMAGENET1K_V2", 19.4, 232, 224, "bilinear", 0.81982, 3.176),
    Row("regnet_y_400mf", "IMAGENET1K_V2", 4.3, 232, 224, "bilinear", 0.75804, 0.402),
    Row("regnet_y_800mf", "IMAGENET1K_V2", 6.4, 232, 224, "bilinear", 0.78828, 0.834),
    Row("regnet_y_8gf", "IMAGENET1K_V2", 39.4, 232, 224, "bilinear", 0.82828, 8.473),
    Row("resnet101", "IMAGENET1K_V2", 44.5, 232, 224, "bilinear", 0.81886, 7.801),
    Row("resnet152", "IMAGENET1K_V2", 60.2, 232, 224, "bilinear", 0.82284, 11.514),
    Row("resnet18", "IMAGENET1K_V1", 11.7, 256, 224, "bilinear", 0.69758, 1.814),
    Row("resnet34", "IMAGENET1K_V1", 21.8, 256, 224, "bilinear", 0.73314, 3.664),
    Row("resnet50", "IMAGENET1K_V2", 25.6, 232, 224, "bilinear", 0.80858, 4.089),
    Row("resnext101_32x8d", "IMAGENET1K_V2", 88.8, 232, 224, "bilinear", 0.82834, 16.414),
    Row("resnext101_64x4d", "IMAGENET1K_V1", 83.5, 232, 224, "bilinear", 0.83246, 15.46),
    Row("resnext50_32x4d", "IMAGENET1K_V2", 25.0, 232, 224, "bilinear", 0.81198, 4.23),
    Row("shufflenet_v2_x0_5", "IMAGENET1K_V1", 1.4, 256, 224, "bilinear", 0.60552, 0.04),
    Row("shufflenet_v2_x1_0", "IMAGENET1K_V1", 2.3, 256, 224, "bilinear", 0.69362, 0.145),
    Row("shufflenet_v2_x1_5", "IMAGENET1K_V1", 3.5, 232, 224, "bilinear", 0.72996, 0.296),
    Row("shufflenet_v2_x2_0", "IMAGENET1K_V1", 7.4, 232, 224, "bilinear", 0.7623, 0.583),
    Row("squeezenet1_0", "IMAGENET1K_V1", 1.2, 256, 224, "bilinear", 0.58092, 0.819),
    Row("squeezenet1_1", "IMAGENET1K_V1", 1.2, 256, 224, "bilinear", 0.58178, 0.349),
    Row("swin_b", "IMAGENET1K_V1", 87.8, 238, 224, "bicubic", 0.83582, 15.431),
    Row("swin_s", "IMAGENET1K_V1", 49.6, 246, 224, "bicubic", 0.83196, 8.741),
    Row("swin_t", "IMAGENET1K_V1", 28.3, 232, 224, "bicubic", 0.81474, 4.491),
    Row("swin_v2_b", "IMAGENET1K_V1", 87.9, 272, 256, "bicubic", 0.84112, 20.325),
    Row("swin_v2_s", "IMAGENET1K_V1", 49.7, 260, 256, "bicubic", 0.83712, 11.546),
    Row("swin_v2_t", "IMAGENET1K_V1", 28.4, 260, 256, "bicubic", 0.82072, 5.94),
    Row("vgg11", "IMAGENET1K_V1", 132.9, 256, 224, "bilinear", 0.6902, 7.609),
    Row("vgg11_bn", "IMAGENET1K_V1", 132.9, 256, 224, "bilinear", 0.7037, 7.609),
    Row("vgg13", "IMAGENET1K_V1", 133.0, 256, 224, "bilinear", 0.69928, 11.308),
    Row("vgg13_bn", "IMAGENET1K_V1", 133.1, 256, 224, "bilinear", 0.71586, 11.308),
    Row("vgg16", "IMAGENET1K_V1", 138.4, 256, 224, "bilinear", 0.71592, 15.47),
    Row("vgg16_bn", "IMAGENET1K_V1", 138.4, 256, 224, "bilinear", 0.7336, 15.47),
    Row("vgg19", "IMAGENET1K_V1", 143.7, 256, 224, "bilinear", 0.72376, 19.632),
    Row("vgg19_bn", "IMAGENET1K_V1", 143.7, 256, 224, "bilinear", 0.74218, 19.632),
    Row("vit_b_16", "IMAGENET1K_V1", 86.6, 256, 224, "bilinear", 0.81072, 17.564),
    Row("vit_b_32", "IMAGENET1K_V1", 88.2, 256, 224, "bilinear", 0.75912, 4.409),
    Row(
        "vit_h_14",
        "IMAGENET1K_SWAG_E2E_V1",
        633.5,
        518,
        518,
        "bicubic",
        0.88552,
        1016.717,
        is_free=False,
    ),
    Row("vit_l_16", "IMAGENET1K_V1", 304.3, 242, 224, "bilinear", 0.79662, 61.555),
    Row("vit_l_32", "IMAGENET1K_V1", 306.5, 256, 224, "bilinear", 0.76972, 15.378),
    Row("wide_resnet101_2", "IMAGENET1K_V2", 126.9, 232, 224, "bilinear", 0.8251, 22.753),
    Row("wide_resnet50_2", "IMAGENET1K_V2", 68.9, 232, 224, "bilinear", 0.81602, 11.398),
)
