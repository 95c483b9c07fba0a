/** The style sheet of the report. @module */

/** Light and dark, no outside files. */
export const STYLE = `
:root{color-scheme:light dark;--bg:#fff;--fg:#1b1f24;--soft:#5f6b7a;--line:#dfe3e8;--panel:#f6f7f9;--up:#1a7f37;--down:#b3261e;--c0:#2563eb;--c1:#d97706;--c2:#059669;--c3:#9333ea;--c4:#dc2626;--c5:#0891b2}
@media (prefers-color-scheme:dark){:root{--bg:#14171b;--fg:#e8eaed;--soft:#9aa4b1;--line:#2d333b;--panel:#1c2127;--up:#4ac26b;--down:#ff7b72;--c0:#6ea8ff;--c1:#f0a34a;--c2:#3fd0a0;--c3:#c084fc;--c4:#ff8a8a;--c5:#4fd1e8}}
*{box-sizing:border-box}body{margin:0;background:var(--bg);color:var(--fg);font:16px/1.5 system-ui,sans-serif}
main{max-width:1160px;margin:0 auto;padding:2rem 1.25rem 4rem}
h1{font-size:1.9rem;line-height:1.2;margin:.2em 0 .5em}h2{font-size:1.25rem;margin:2.4rem 0 .5rem;border-top:1px solid var(--line);padding-top:1.2rem}h3{font-size:1rem;margin:1.4rem 0 .5rem}
p{max-width:72ch;margin:.4rem 0 .9rem}small,figcaption,.legend{color:var(--soft);font-size:.8rem}
.headlines{font-size:1.05rem;padding-left:1.1rem;margin:.5rem 0}.unfair{border-left:4px solid var(--down);background:var(--panel);padding:.7rem 1rem;max-width:none}
.scroll{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums}th,td{text-align:left;padding:.45rem .8rem;border-bottom:1px solid var(--line);vertical-align:top}
thead th{font-size:.85rem;color:var(--soft);font-weight:600;vertical-align:bottom}tbody th{font-weight:600;white-space:nowrap}
.scores td{min-width:8.5rem}.role{font-weight:400;font-size:.75rem;padding:.05rem .45rem;border-radius:1rem;background:var(--panel);border:1px solid var(--line)}.role.source{color:var(--c0)}.role.unseen{color:var(--c2)}.role.clip{color:var(--c3)}
.up{color:var(--up)}.down{color:var(--down)}.seeds{display:block}
.bar{display:block;position:relative;height:6px;background:var(--panel);border-radius:3px;margin:.25rem 0;overflow:hidden}.bar i{position:absolute;inset:0 auto 0 0;background:var(--c0);opacity:.55}.bar b{position:absolute;top:2px;height:2px;background:var(--fg)}
.lead{font-size:1.1rem;color:var(--soft)}.verdicts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(340px,100%),1fr));gap:1rem;margin:1.2rem 0}.verdicts article{border:1px solid var(--line);border-radius:10px;padding:.9rem 1.1rem;background:var(--panel)}.verdicts h3{margin:0 0 .2rem}.verdicts table{width:100%}.verdicts tr:last-child>*{border:0}.verdicts th{font-size:1.15rem}.verdicts th,.verdicts td{padding-left:0;padding-right:.5rem}.verdicts .share{font-size:1.35rem;font-weight:650;white-space:nowrap;line-height:1.2}.verdicts small{display:block;line-height:1.35;margin-top:.15rem}.verdicts small b{font-weight:inherit;white-space:nowrap}
.badge{display:inline-block;border-radius:1rem;padding:.05rem .7rem;font-size:.85rem;font-weight:600;color:var(--bg);background:var(--soft)}.badge.helps{background:var(--up)}.badge.harms{background:var(--down)}.differences td:nth-child(n+4){white-space:nowrap}
.forest{margin:1.2rem 0}.forest .name{font-size:13px;fill:var(--fg);font-weight:600}.forest line{stroke-width:2.5}.forest .grid{stroke-width:1}.forest .zero{stroke:var(--fg);stroke-width:1.2}.better line,.better circle{stroke:var(--up);fill:var(--up)}.worse line,.worse circle{stroke:var(--down);fill:var(--down)}.unclear line,.unclear circle{stroke:var(--soft);fill:var(--soft)}
.words{display:grid;grid-template-columns:repeat(auto-fill,minmax(300px,1fr));gap:.5rem 1.6rem;margin:1rem 0 0}.words div{border-left:3px solid var(--line);padding-left:.7rem}.words dt{font-weight:650}.words dd{margin:0;color:var(--soft);font-size:.9rem}
.specimens img{width:132px;height:132px}.specimens figure{flex:0 0 132px!important;text-align:center}.sample{color:var(--soft);font-size:.85rem;max-width:none}td.delta{min-width:0!important;white-space:nowrap;color:var(--soft)}
.checks li{margin:.5rem 0;padding-left:1.6em;text-indent:-1.6em}
.differences .clear td:nth-child(4),.differences .clear td:nth-child(5){font-weight:700}.differences .open{color:var(--soft)}.tag{font-size:.72rem;background:var(--c0);color:var(--bg);border-radius:.3rem;padding:.05rem .35rem}
.wide{margin:1rem 0}.wide img{max-width:100%;background:#fff;image-rendering:auto}
.role.own-encoder{color:var(--c1)}details{margin:.6rem 0}summary{cursor:pointer;color:var(--soft)}
.matrix,.classes{font-size:.9rem}.matrix td,.classes td,.classes thead th+th,.matrix thead th+th{text-align:right}.classes :is(th,td),.matrix :is(th,td){padding:.25rem .55rem}.answers .matrix{font-size:.82rem}.answers .matrix :is(th,td){padding:.2rem .4rem}.answers .matrix thead th{font-size:.75rem}.matrix td{min-width:2.3rem}.matrix caption{text-align:left;font-weight:600;padding:.4rem 0}.matrix thead th:first-child{font-weight:400;line-height:1.25}
:is(.matrix,.classes) :is(tbody th,thead th:first-child){position:sticky;left:0;background:var(--bg)}.row>.scroll{max-width:100%;flex:none}.answers{margin-left:.2rem}
.checks{list-style:none;padding:0}.checks li:before{display:inline-block;text-indent:0;width:1.5em;font-weight:700}.checks .yes:before{content:"✓";color:var(--up)}.checks .no:before{content:"✗";color:var(--down)}
.row{display:flex;flex-wrap:wrap;gap:1.2rem}figure{margin:0}.row>figure{flex:0 1 420px}.prompt{flex:0 0 190px!important}.prompt img{width:190px;height:190px}
img{image-rendering:pixelated;display:block;border-radius:4px;border:1px solid var(--line)}svg{width:100%;height:auto}svg text{fill:var(--soft);font-size:11px}.grid{stroke:var(--line)}.line{fill:none;stroke-width:1.8;opacity:.9}
.c0{stroke:var(--c0);--dot:var(--c0)}.c1{stroke:var(--c1);--dot:var(--c1)}.c2{stroke:var(--c2);--dot:var(--c2)}.c3{stroke:var(--c3);--dot:var(--c3)}.c4{stroke:var(--c4);--dot:var(--c4)}.c5{stroke:var(--c5);--dot:var(--c5)}
.legend span{margin-right:1rem}.legend span:before{content:"";display:inline-block;width:.8em;height:.8em;border-radius:2px;background:var(--dot);margin-right:.35em}
.example{background:var(--panel);border:1px solid var(--line);border-radius:8px;padding:.8rem;font-size:.85rem}.example p{margin:.5rem 0}.example .pair{display:flex;gap:.6rem}.example img{width:128px;height:128px}.example th,.example td{padding:.15rem .35rem;border:0;font-weight:400;font-size:.8rem}.hit{color:var(--up);font-weight:600}.miss{color:var(--down)}
.provenance th{font-size:.85rem}.provenance code{font-size:.8rem;word-break:break-all}
`;
