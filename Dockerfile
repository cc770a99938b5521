# The prediction service for one checkpoint:
#   docker build --build-arg CHECKPOINT=model.safetensors --tag vision-forge-serve .
#   docker run --gpus all --publish 8080:8080 vision-forge-serve
# Without --gpus it computes on the CPU. GET /health answers 200 once the golden predictions hold.

# PyTorch, CUDA and cuDNN as one pinned triple, equal to the versions in requirements.txt.
FROM pytorch/pytorch:2.15.0-cuda13.2-cudnn9-runtime

ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_BREAK_SYSTEM_PACKAGES=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1

RUN useradd --system --uid 10001 --no-create-home forge
WORKDIR /srv/forge

# Changes seldom: its layer is reused when only weights or source change.
COPY requirements-serve.txt ./
RUN python -m pip install --requirement requirements-serve.txt

# Weights and source apart, so that a new checkpoint does not touch the code and the reverse.
# A run keeps its checkpoints to its owner (0600); here another user reads them.
ARG CHECKPOINT=model.safetensors
COPY --chmod=0444 ${CHECKPOINT} /srv/weights/model.safetensors

# Only what inference imports: no catalog, no training, no pages.
COPY forge_core/__init__.py forge_core/disk_space.py forge_core/errors.py forge_core/file_hashes.py forge_core/local_files.py forge_core/storable_values.py forge_core/
COPY forge_core/imaging/__init__.py forge_core/imaging/color.py forge_core/imaging/decode.py forge_core/imaging/formats.py forge_core/imaging/grey_window.py forge_core/imaging/
COPY forge_core/augmentation/__init__.py forge_core/augmentation/eval_transform.py forge_core/augmentation/
COPY forge_core/models/ forge_core/models/
COPY forge_core/inference/ forge_core/inference/
COPY forge_core/serving/ forge_core/serving/

USER forge
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/health', timeout=4)"]
CMD ["python", "-m", "forge_core.serving.http", "--checkpoint", "/srv/weights/model.safetensors", "--host", "0.0.0.0", "--port", "8080"]
