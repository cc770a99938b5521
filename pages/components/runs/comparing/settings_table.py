"""What runs really used, in a table: what differs first, the rest folded."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from db.records import Run
from forge_core.runs.comparing.used_settings import UsedSetting
from pages.components.words import run_text, text


def show(runs: Sequence[Run], settings: Sequence[UsedSetting]) -> None:
    """Draw both tables.

    Args:
        runs: In the order of each setting's values.
        settings: Those that differ first.
    """
    differing = [setting for setting in settings if setting.differs]
    same = [setting for setting in settings if not setting.differs]
    if differing:
        st.markdown("**What differs** :gray[· what was used, not what was left open]")
        st.dataframe(_table(runs, differing), hide_index=True, height="content")
    else:
        st.caption("Every setting is the same.")
    if same:
        with st.expander(f"{text.plural(len(same), 'setting')} that are the same"):
            st.dataframe(
                pd.DataFrame(
                    {
                        "Setting": [setting.title for setting in same],
                        "All": [setting.values[0] for setting in same],
                    }
                ),
                hide_index=True,
                height="content",
            )


def _table(runs: Sequence[Run], settings: Sequence[UsedSetting]) -> pd.DataFrame:
    columns = {
        run_text.title(run): [setting.values[place] for setting in settings]
        for place, run in enumerate(runs)
    }
    return pd.DataFrame({"Setting": [setting.title for setting in settings], **columns})
