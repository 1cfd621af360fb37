"""How the report looks. Light and dark (plots are drawn light and turned), wide tables scroll inside the page."""

STYLE = """
:root{color-scheme:light dark;--ink:#22232b;--paper:#fff;--faint:#e4e4ea;--soft:#6b6c78;--ours:#eef2ff;
--up:#137a4b;--down:#b3261e}
@media(prefers-color-scheme:dark){:root{--ink:#e8e8ee;--paper:#17181d;--faint:#33343d;--soft:#9a9ba8;
--ours:#22294a;--up:#5fd39b;--down:#ff8a80}figure svg{filter:invert(.91) hue-rotate(180deg)}}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
main{max-width:1180px;margin:0 auto;padding:32px 20px 80px}
h1{font-size:28px;margin:0 0 8px}h2{font-size:20px;margin:44px 0 8px}h3{font-size:16px;margin:0}
p{max-width:76ch;color:var(--soft);margin:4px 0 14px}
.wide{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{padding:6px 12px 6px 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--faint)}
thead th{font-size:13px;white-space:nowrap;color:var(--soft)}tbody th{font-weight:500;min-width:150px;max-width:250px}
td small{display:block;color:var(--soft);font-size:11.5px;white-space:nowrap}
td.ours{background:var(--ours);padding-left:8px}.up{color:var(--up);font-weight:600}.down{color:var(--down);font-weight:600}
figure{margin:0 0 20px;padding:12px;border:1px solid var(--faint);border-radius:8px;max-width:780px}
figure svg{max-width:100%;height:auto}figcaption{color:var(--soft);font-size:13px}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(420px,100%),1fr));gap:16px}
.sheet td{padding:6px 8px 6px 0;width:128px}.sheet img{width:120px;height:120px;object-fit:contain;border-radius:4px;display:block}
.sheet td small{white-space:normal;width:120px;line-height:1.3;margin-top:3px}
"""
