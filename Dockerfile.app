# The app and the worker of compose.yaml: the whole product, without weights and without data.
#   docker build --file Dockerfile.app --tag vision-forge-app .

# The same pinned triple as the service's image, so that both compute alike.
FROM pytorch/pytorch:2.15.0-cuda13.2-cudnn9-runtime

ENV PYTHONUNBUFFERED=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_BREAK_SYSTEM_PACKAGES=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1

# The workspace and the cache of weights are volumes; their folders must belong to the user.
RUN useradd --system --uid 10001 --no-create-home forge \
    && install --directory --owner=forge --mode=0700 /srv/workspace /srv/torch
WORKDIR /srv/forge

# Changes seldom: its layer is reused when only source changes.
COPY requirements.txt ./
RUN python -m pip install --requirement requirements.txt

COPY pyproject.toml setup.py README.md LICENSE app.py ./
COPY .streamlit/ .streamlit/
COPY db/ db/
COPY forge_core/ forge_core/
COPY pages/ pages/
RUN python -m pip install --no-deps .

USER forge
ENV HOME=/srv/workspace \
    TORCH_HOME=/srv/torch \
    FORGE_WORKSPACE=/srv/workspace
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4)"]
CMD ["forge", "web", "--host", "0.0.0.0", "--port", "8501"]
