"""Where the parts of the run screen stand, on a narrow terminal and on a wide one."""

from __future__ import annotations

from widgets import look

RUN_CSS = f"""
RunScreen {{ background: {look.GROUND}; color: {look.TEXT}; layout: vertical; }}
RunScreen #panes {{ height: 1fr; }}
RunScreen .pane {{
    border-top: solid {look.EDGE}; border-title-color: {look.DIM}; border-title-style: none;
    background: {look.GROUND};
}}
RunScreen .pane:focus {{ border-top: solid {look.BLUE}; border-title-color: {look.BRIGHT}; }}
RunScreen #writes {{ width: 11fr; }}
RunScreen #right {{ width: 10fr; }}
RunScreen #detail {{ height: 3fr; }}
RunScreen #talk {{ height: 2fr; }}
RunScreen.-wide #right {{ border-left: vkey {look.EDGE}; }}
RunScreen.-narrow #panes {{ layout: vertical; }}
RunScreen.-narrow #writes {{ width: 100%; height: 11fr; min-height: 4; }}
RunScreen.-narrow #right {{ width: 100%; height: 8fr; }}
RunScreen.-narrow #detail {{ height: 1fr; }}
RunScreen.-narrow #talk {{ height: 1fr; display: none; }}
RunScreen.-narrow.-talking #talk {{ display: block; }}
RunScreen.-narrow.-talking #detail {{ display: none; }}
RunScreen #state {{ height: 1; padding: 0 1; background: {look.RAISED}; color: {look.DIM}; }}
RunScreen #state.-urgent {{ color: {look.YELLOW}; text-style: bold; }}
RunScreen #message {{
    display: none; height: 1; border: none; padding: 0 1; background: {look.LIFTED};
}}
"""
