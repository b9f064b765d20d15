// English of markets and of the economy: what general lists do not have, or have with another sign.
import { VADER } from './data/vader.ts'
import { Dictionary, type Seeks } from './dictionary.ts'
import { inflectEnglish } from './inflection.ts'

/** A general word says half of what one of markets does; those of valence 1 (cut, lower, stop) say nothing here. */
const GENERAL = { factor: 0.5, least: 2 }

/** General words that are no judgement in news of markets. */
const PLAIN = `
  share, shares, shared, sharing, interest, interested, interesting, asset, assets, trust, trusts, secure, secured, securities,
  security, credit, credits, agree, agreed, active, play, please, free, top, tops, care, like, liked, likes, grand, grant, join,
  kind, natural, united, true, clear, cool, special, party, parties, original, super, treasure, value, values, valued, crude, sure,
  pretty, ready, easy, save, saved, fair, debt, debts, better, hot, hope, hopes, hoping, fine, charge, charges, growth, growing,
  wealth, charged, sentence, matter, gold, bright, regret, intelligence, justice, liberty, freedom, block, dump, fiery, fire, faith,
  fit, gift, humour, joke, desire, kill, clean, pay, create, created, creates, energy, player, players, defence, promise, promised,
  promises`

const UP = `
  rise*|rose|risen, climb*, increase*, grow*|grew|grown, advance*, edge* up, inch* up, tick* up, creep* up|crept up, pick* up,
  go up|goes up|going up|went up, move* higher, higher, up, gain*`
const UP_STRONG = `
  jump*, expand*, mount*, build*|built, balloon*, swell*|swollen, widen*, multiply*, double*, triple*, escalate*, spike*,
  strengthen*, rebound*, improve*, brighten*, recover*, bounce* back, revive*, resume*, spread*`
const DOWN = `
  fall*|fell|fallen, drop*|dropped|dropping, decline*, dip*|dipped|dipping, slip*|slipped|slipping, edge* down, inch* down,
  tick* down, go down|goes down|going down|went down, move* lower, lower, down, retreat*, lose ground|loses ground|lost ground,
  cool*, moderate*, narrow*, shrink*|shrank|shrunk, contract*, soften*, diminish*, dissipate*, ebb*|ebbed|ebbing, dwindle*,
  keep|keeps|kept shrinking, vanish*, evaporate*, dry|dries up, dried up, decelerate*, weaken*, dash*`
const GOES_ON = `
  accelerate*, deepen*, intensify*, gather* pace, pick*|picks up speed, extend*, continue*, persist*`
const ENDS = `
  slow*, ease*, fade*, recede*, wane*, abate*, subside*, fizzle*, falter*, stall*, peter* out, lose|loses|lost steam,
  run|runs|ran out of steam, reverse*`
const HIGHS = `
  highest level, highest since, year high+, decade high+, new high+, record high+, all time high+, month high+`
const LOWS = `
  lowest level, lowest since, year low+, decade low+, new low+, record low+, all time low+, month low+`
const FEATS = `
  surge*, soar*, rally*, skyrocket*, leap*, pop*|popped|popping, rocket*, bull* run, break out|breaks out|broke out, breakout+, outperform*, roar*`
const FALLS = `
  plunge*, tumble*, plummet*, slump*, sink*|sank|sunk, crash*, nosedive*, crater*, slide*|slid|sliding, tank*, crumble*, collapse*,
  shed|sheds|shedding, skid*|skidded|skidding, underperform*, sag*|sagged|sagging, crumple*, implode*`
const RAISES = `
  raise*, lift*, hike*, boost*, increases its|increased its, bolster*, fuel*, push* up, drive* up|drove up, extend* gains, lift* up,
  ramp* up, bump* up`
const CUTS = `
  cut|cuts|cutting, slash*, reduce*, trim*|trimmed|trimming, pare*, curb*|curbed|curbing, halve*, scale* back, tame*, contain*,
  stem*|stemmed|stemming, axe*, scrap*|scrapped|scrapping, suspend*, easing, narrow* its, shrink its|shrinks its, calm* fears about,
  allay*, soothe*, defuse*, quell*, dampen*`

const GOOD_THINGS = `
  stock+, share+, equity+, index|indexes|indices, wall street, market+, price target+, share price+, profit+, earnings, revenue+,
  sale+, margin+, income+, growth, output, production, orders, order book+, hiring, job+, payrolls, employment, wage+,
  salary|salaries, sentiment, demand, consumption, spending, investment+, dividend+, guidance, outlook+, forecast+, estimates,
  target+, rating+, economy|economies, gdp, activity, export+, trade, currency|currencies, bond+, liquidity, returns, valuation+,
  value, traffic, bookings, deliveries, volumes, market share, productivity, surplus|surpluses, appetite, cash flow+,
  house|home prices, turnover, backlog, credit quality, workforce, staff, lending, stake, buyback+, result+`
const GOOD_THINGS_ALONE = `recovery|recoveries, hope+, optimism, confidence, momentum, relief`
const BAD_THINGS = `
  unemployment, joblessness, jobless claims, claims, unemployment rate, jobless rate, inflation, consumer prices, price pressure+,
  pressure+, cost+, debt+, borrowing, deficit+, trade gap, expense+, rates, interest rate+, borrowing cost+, mortgage rate+, yield+,
  tariff+, tax|taxes, volatility, uncertainty|uncertainties, bottleneck+, delinquency+, inventory|inventories, glut+, arrears,
  price+, backlog of claims, impairment+, provision+, premiums, credit spreads, supply bottleneck+, trade war+, bad loan+,
  non performing loans, headwind+, claims for unemployment benefit`
const BAD_THINGS_ALONE = `
  loss|losses, fear+, worry|worries, concern+, risk+, tension+, crisis|crises, default+, recession+, sell off+, selloff+, rout+,
  turmoil, contagion, shortage+, downturn+, slowdown+, panic, threat+, doubt+, gloom, pessimism, anxiety|anxieties, jitters, nerves,
  stress, strain+, fraud, litigation, dispute+, conflict+, bailout+, failure+, layoff+, job cuts, redundancy|redundancies, poverty,
  slump, stagnation, hard landing, write down+, writedown+, write off+, crunch, credit crunch, liquidity crunch, squeeze,
  credit squeeze`

export const ENGLISH = new Dictionary()
const add = (entry: Parameters<Dictionary['add']>[0], phrases: string) =>
  ENGLISH.add(entry, phrases, inflectEnglish)
const value = (weight: number, phrases: string) => add({ role: 'value', weight }, phrases)
const move = (weight: number, seeks: Seeks, phrases: string) => add({ role: 'move', weight, seeks }, phrases)

for (const [valence, words] of VADER)
  if (Math.abs(valence) >= GENERAL.least) value(valence * GENERAL.factor, words)
add({ role: 'nothing' }, PLAIN)

move(1.5, 'left', UP)
move(1.8, 'left', UP_STRONG)
move(-1.5, 'left', DOWN)
move(1.8, 'phase', GOES_ON)
move(-1.8, 'phase', ENDS)
move(2.5, 'level', HIGHS)
move(-2.5, 'level', LOWS)
move(2.5, 'left', FEATS)
move(-2.5, 'left', FALLS)
move(1.8, 'right', RAISES)
move(-1.8, 'right', CUTS)
move(
  -1.8,
  'left',
  `
  prove* unfounded, unfounded, overblown, overdone, exaggerated, prove* groundless, groundless`,
)

value(
  3,
  `
  record close+, record profit+, record earnings, record revenue+, record sales,
  beat|beats|beating estimates|expectations|forecasts|consensus,
  beat|beats quarterly|earnings|profit|revenue|sales estimates|expectations|forecasts,
  top|tops|topped estimates|expectations|forecasts|consensus, exceed* estimates|expectations|forecasts, ahead of expectations,
  above expectations, better than expected, better than feared, swing* to profit, swung to profit, return* to profit,
  winning streak+, upgrade*`,
)
value(
  2,
  `
  bullish, bull+, record sales, strong demand, buyback+, share buyback+, takeover bid+, rate cut+, interest rate cut+, rebound+,
  turnaround, soft landing, stimulus, breakthrough+, profitable, in the green, win|wins|won, win* contract, trial success,
  success|successes, cheer*, applaud*, optimistic, upbeat, outpace*, outstrip*, thrive*, flourish*, boom*, robust, blockbuster+,
  windfall+, investment grade, strong, stronger, strongest, solid, healthy, raise|raises|raised guidance, value creation,
  created value, dovish, truce, ceasefire, deal reached, risk on, shrug* off, shake* off|shook off, reassure*, resilient, resilience,
  bottom* out, buying opportunity, outperform|outperforms, additional cash, return* cash, pass stress tests, passes stress tests,
  passed stress tests, price target raised, market share gains, won market share, wins market share, gain* market share,
  above its own plan, tops plan, rescue deal+, lifeline+, stabilise*, stabilize*, undervalued, overweight, blowout, positive, wage deal,
  approval, approved, rewarded, good news`,
)
value(
  1,
  `
  gain|gains, profit growth, confident, support, supports, supported, progress, well, lucrative, short sellers burned,
  burned short sellers, expects solid growth, sharply higher, brisk, buoyant, respite`,
)
value(2, `short|shorts sellers burned, short seller+ squeezed, short squeeze+`)
value(
  -3,
  `
  profit warning+, miss|misses|missed|missing estimates|expectations|forecasts|targets|consensus,
  miss|misses|missed quarterly|earnings|profit|revenue estimates|forecasts, fall* short of, fell short of, below expectations,
  worse than expected, worse than feared, downgrade*, bankruptcy, chapter 11, file* for bankruptcy, bankrupt, insolvent, insolvency,
  bloodbath+, meltdown+, default* on, swing* to loss, swung to loss, in free fall, free fall, freefall, black monday, bank run+,
  ponzi, accounting irregularities, stock market crash|crashes, crash`,
)
value(
  -2,
  `
  bearish, bear+, bear market+, correction, in the red, junk, junk status, recession, sell off+, selloff+, rout+, panic, contagion,
  fraud, probe+, investigation+, lawsuit+, fine* over, fines, fined, penalty|penalties, resign* abruptly, abruptly resign*,
  auditor resigns, recall*, layoff+, job cut+, lay|lays off, laid off, laying off, liquidate*, liquidation, cut jobs|cuts jobs, shortage+, halt*, freeze|freezes|froze withdrawals,
  flee|flees|fled|fleeing, capitulate*, wipe* out, wipe* out gains, under pressure, burn* cash, burn* through its|their cash, burn* through cash, breach* covenants,
  covenant breach, lack* cash, runs low, run low, running low, disappoint*, disappointing, overvalued, underweight, hawkish,
  rate hike+, rate rise+, rate increase+, risk off, flight to safety, dead cat bounce, falling knife, hard landing, stagflation,
  recession looms, loom*, invert*, inverted, inversion, glut+, strike, strikes, threaten*, threat+, take* fright|took fright,
  batter*, hammer*, pummel*, pound*, sour*, hurt|hurts|hurting, hit by, hit hard,
  hit|hits|hitting margins|profit|profits|sales|earnings|demand|growth|exports|consumers, hit|hits the economy, weigh* on,
  drag* down|on, dent*, erode*, squeeze*, crunch, crisis|crises, turmoil, troubled, struggle*, warn*, warning+, poor, weak, weaker,
  weakest, sluggish, lackluster, lacklustre, tepid, gloomy, bleak, dire, grim, negative, loss|losses, fail*, failure+, default+,
  collapse+, collapsed, worsen*, deteriorate*, suffer*, damage*, worse, worst, write down+, writedown+, impairment charge+, dilution,
  delist*, suspended, dividend suspended, bubble bursts, liquidity crunch, tighten* grip, credit conditions tighten,
  conditions tighten, tightening, repossess*, foreclosure+, sanction+, embargo|embargoes, ban|bans|banned, emergency, curse, doubts`,
)
value(
  -1,
  `
  resign*, cautious, caution, feared, concern*, delay*, postpone*, uncertain, uncertainty, volatile, dispute, irregularities,
  unexpectedly, dries up, dilute*, weakness, slowdown, stagnate*, stagnant, headwind+, problem+, difficult, difficulty|difficulties,
  oversupply, limp*, miss|misses|missed, battle, tariffs, tariff threat+, lag*, run* out, abandon*`,
)
add({ role: 'thing', sign: 1, weight: 0 }, GOOD_THINGS)
add({ role: 'thing', sign: 1, weight: 1.2 }, GOOD_THINGS_ALONE)
add({ role: 'thing', sign: -1, weight: 0 }, BAD_THINGS)
add({ role: 'thing', sign: -1, weight: -1.2 }, BAD_THINGS_ALONE)

add(
  { role: 'nothing' },
  `
  stress test+, market close+, record date, hedge fund+, risk weighted, job data, jobs data, jobs report, hot jobs report,
  free cash flow, fair value, in line with expectations|forecasts|estimates, as expected, than expected, than forecast, up to,
  up for, set up, follow* up, back up, start up, start ups, made up, sum up, up next, down payment, higher education, lower house,
  lower chamber, close to, closed end, good morning, trial, stop loss, loss adjuster, rise to, build|builds|built plant|factory,
  cut off, price in, short term, long term, growth stocks, growth fund, value of, value stocks, general manager, risk manager,
  well known, as well as, as well, market share of, risk free, trade fair, trade weighted, no comment, emergency meeting,
  supply and demand, investment trust, investment bank+, central bank+, ahead of, gains tax`,
)

add({ role: 'negator', factor: -0.8, weight: 0, reach: 6, unless: 'compared' }, `never, never been`)
add(
  { role: 'negator', factor: -0.8, weight: 0, reach: 6 },
  `
  not, no, isn't, aren't, wasn't, weren't, don't, doesn't, didn't, won't, wouldn't, can't, cannot, couldn't, hasn't, haven't, hadn't,
  isnt, dont, doesnt, didnt, wont, cant, no longer, without, without a single, neither, nor, none of, nothing, far from, hardly,
  barely, scarcely, rule* out, deny|denies|denied|denying, unlikely to, not yet`,
)
add(
  { role: 'negator', factor: -0.8, weight: 0, reach: 5 },
  `
  avoid*, avert*, escape*, prevent*, dodge*, stave* off, fend* off, ward* off, end|ends|ended, halts slide in,
  overcome|overcomes|overcame, brush* off, defy|defies|defied, ease* fears of, quash*, survive*, emerge* from, exit* bankruptcy`,
)
add(
  { role: 'negator', factor: -0.8, weight: -1, reach: 5 },
  `
  fail* to, unable to, lack*, lack of, absence of, struggle* to, refuse* to, decline* to, never came, run* out of`,
)
add(
  { role: 'nothing' },
  `
  not only, no less, no matter, no doubt, not least, nothing but, end of, end of the day, week ends, year end, decline* to comment`,
)
add(
  { role: 'degree', factor: 1.4 },
  `
  very, sharply, steeply, strongly, hugely, massively, dramatically, extremely, significantly, considerably, heavily, deeply, far,
  much, highly, severely, badly, record, big, huge, massive, sharp, steep, dramatic, deep, major, severe, serious, heavy,
  substantially, markedly, firmly, a lot, utterly, unexpectedly`,
)
add(
  { role: 'degree', factor: 0.6 },
  `
  slightly, somewhat, marginally, modestly, mildly, a little, a bit, a touch, slight, modest, mild, minor, small, little, partly,
  partially, relatively, rather, fairly, nearly, almost, some`,
)
add({ role: 'degree', factor: 1.2, isComparison: true }, `so, as, more`)
add({ role: 'value', weight: 1, isComparison: true }, `better`)
add({ role: 'contrast' }, `but, however, yet, nevertheless, nonetheless, instead`)
add(
  { role: 'clause', factor: 0.35 },
  `
  despite, although, though, even though, even as, in spite of, notwithstanding, even if`,
)
add({ role: 'clause', factor: 0.5 }, `after, following, before, since, ahead, if, unless, until, whether`)
add({ role: 'clause', factor: 0.25 }, `than`)
add({ role: 'clause', factor: 0.9 }, `as, while, amid, because, when, where, which, who, sending`)
