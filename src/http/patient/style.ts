/**
 * The patient's page, for phones of any age: nothing newer than Chrome 69, sizes in rem so that WeChat's
 * font steps and the system's work, main text at least 18 px, targets at least 44 px. Only the amount goes
 * by the width of the screen: it is the largest thing already, and must never break in two.
 */
export const patientStyle = `
:root{--ground:#f3f6fb;--paper:#fff;--ink:#12203a;--ink-2:#4a5872;--line:#dfe6f1;--blue:#0958d9;--blue-s:#e8f1ff;--good:#05713a;--good-s:#e5f6ec;--warn:#8a4b00;--warn-s:#fff3dd;--bad:#b3261e;--bad-s:#fdebe9;--calm:#4a5872;--calm-s:#eef2f8;--s1:#ffe7a6;--s2:#ffdb7d;--s3:#5a3a00}
@media (prefers-color-scheme:dark){:root{--ground:#0c121d;--paper:#151d2c;--ink:#e9eef8;--ink-2:#a8b5ca;--line:#29354a;--blue:#7ab2ff;--blue-s:#16294a;--good:#5fd394;--good-s:#11301f;--warn:#ffc266;--warn-s:#382609;--bad:#ff9d94;--bad-s:#3d1917;--calm:#a8b5ca;--calm-s:#1e293b;--s1:#3a2c0a;--s2:#46360f;--s3:#ffdd8a}}
*{box-sizing:border-box}
html{font-size:112.5%;-webkit-text-size-adjust:100%}
body{margin:0;min-height:100vh;background:var(--ground);color:var(--ink);font:1rem/1.5 -apple-system,"PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif;text-align:center}
h1,p,dl,dd{margin:0}
.stripes{padding:.4rem 1rem;background:repeating-linear-gradient(-45deg,var(--s1) 0 16px,var(--s2) 16px 32px);color:var(--s3);font-weight:600}
main{max-width:30rem;margin:0 auto;padding:1.2rem .9rem 2rem}
.card{padding:1.4rem 1rem 1.5rem;border:1px solid var(--line);border-top:6px solid var(--line);border-radius:18px;background:var(--paper)}
.alipay{border-top-color:#1677ff}
.wechat{border-top-color:#07c160}
.payee{color:var(--ink-2)}
.clinic{font-size:1.25rem;line-height:1.35;font-weight:600;overflow-wrap:break-word;word-wrap:break-word}
.amount{margin:.5rem 0 .3rem;font-size:13vw;line-height:1.15;font-weight:700;font-variant-numeric:tabular-nums;letter-spacing:-.02em;white-space:nowrap}
.amount-long{font-size:10.5vw}
.amount-longest{font-size:8.5vw}
@media (min-width:480px){.amount{font-size:3.6rem}.amount-long{font-size:3.1rem}.amount-longest{font-size:2.5rem}}
.amount small{margin-right:.08em;font-size:.68em;font-weight:500}
.method{display:inline-flex;align-items:center;min-height:2rem}
.method svg{width:1.7rem;height:1.7rem;margin-right:.5rem;flex:none}
.code{display:block;width:100%;max-width:19rem;height:auto;margin:1rem auto .6rem;border:1px solid var(--line);border-radius:16px;background:#fff;image-rendering:-webkit-optimize-contrast;image-rendering:pixelated}
.scan{font-size:1.15rem;font-weight:600}
.left{margin-top:.5rem;font-variant-numeric:tabular-nums;color:var(--ink-2)}
.left b{color:var(--ink);font-size:1.5rem}
.state{display:flex;align-items:center;margin-top:1.1rem;padding:.9rem 1rem;border-radius:14px;text-align:left}
.state svg{width:2.6rem;height:2.6rem;margin-right:.9rem;flex:none;fill:none;stroke:currentColor;stroke-width:3.4;stroke-linecap:round;stroke-linejoin:round}
.state strong{display:block;font-size:1.2rem;line-height:1.35}
.state span{color:var(--ink)}
.blue{background:var(--blue-s);color:var(--blue)}
.good{background:var(--good-s);color:var(--good)}
.warn{background:var(--warn-s);color:var(--warn)}
.bad{background:var(--bad-s);color:var(--bad)}
.calm{background:var(--calm-s);color:var(--calm)}
.facts{display:flex;flex-wrap:wrap;justify-content:space-between;margin-top:1rem;padding-top:1rem;border-top:1px solid var(--line)}
.facts dt{color:var(--ink-2)}
.facts dd{font-variant-numeric:tabular-nums}
.go{display:block;min-height:44px;margin-top:1.1rem;padding:.7rem 1rem;border-radius:12px;background:#0958d9;color:#fff;font-weight:600;text-decoration:none}
.foot{display:flex;align-items:center;justify-content:center;margin-top:1.2rem;color:var(--ink-2)}
.foot svg{width:1.3rem;height:1.3rem;margin-right:.5rem}
`.trim();
