// French of markets and of the economy, and its general words: the general lists of npm are machine translations, or bind who uses them.
import { Dictionary, type Seeks } from './dictionary.ts'
import { inflectFrench } from './inflection.ts'

const UP = `
  monter*, augmenter*, progresser*, croître|croît|croissent|crû, avancer*, gagner*, hausse+, augmentation+, progression+, avancée+,
  montée+, croître, en hausse, à la hausse, vers le haut, accroître|accroît|accroissent, croissant+, grignoter*, remonter*,
  repartir|repart|repartent|reparti|repartie|repartis à la hausse, accroissement+, amélioration+, s'améliorer, améliorer*,
  se redresser, redresser*, regain+, hausser*`
const UP_STRONG = `
  bondir*, flamber*, grimper*, s'envoler, envoler*, accélération+, s'emballer, emballer*, s'alourdir, alourdir*, se creuser,
  creuser*, gonfler*, doubler*, tripler*, exploser*, envolée+, flambée+, bond+, rebondir*, s'élargir, élargir*, s'étendre,
  repartir|repart|repartent|reparti|repartis|repartie, redémarrer*, se renforcer, renforcer*, s'accumuler, accumuler*`
const DOWN = `
  baisser*, reculer*, diminuer*, se réduire, se replier, replier*, repli+, recul+, baisse+, diminution+, en baisse, à la baisse,
  fléchir*, fléchissement+, céder|cède|cèdent|cédé|cédait|cédant, perdre|perd|perdent|perdu|perdait|perdant, ralentissement+,
  se tasser, tasser*, tassement+, refluer*, reflux, s'effriter, effriter*, se modérer, modérer*, se contracter, contracter*,
  contraction+, s'éloigner, éloigner*, s'affaiblir, affaiblir*, faiblir*, décroître|décroît|décroissent, décrue+, se calmer, calmer*,
  s'éroder, éroder*, érosion, se détendre, détendre|détend|détendent, retomber*, se rétracter, fondre|fond|fondent|fondu|fondait,
  s'assagir, assagir*, rétrécir*, s'amenuiser, amenuiser*, infondé+, exagéré+, détente, désinflation`
const GOES_ON = `
  accélérer*, aggraver*, amplifier*, intensifier*, se poursuivre|poursuit|poursuivent, continuer*, persister*, prolonger*`
const ENDS = `
  ralentir*, décélérer*, essouffler*, apaiser*, dissiper*, atténuer*, estomper*, marquer* le pas,
  s'interrompre|interrompt|interrompent, prendre|prend|prennent fin, caler*`
const HIGHS = `
  plus haut, plus hauts, plus hauts historiques, plus haut historique, niveau record`
const LOWS = `plus bas, plus bas historique, plus bas historiques, plus bas niveau`
const FALLS = `
  chuter*, plonger*, dévisser*, s'effondrer, effondrer*, dégringoler*, décrocher*, décrochage+, sombrer*, s'écrouler, écrouler*,
  piquer du nez|pique du nez|piquent du nez, chute+, dégringolade+, effondrement+, plongeon+, débâcle+, déroute, tomber*,
  boire|boit|boivent la tasse, trébucher*, s'enfoncer, vaciller*`
const RAISES = `
  relever*, accroître, doper*, stimuler*, soutenir|soutient|soutiennent|soutenu|soutenue|soutenus, rehausser*, relèvement+, booster*,
  muscler*, porter|porte|portent à la hausse, revoir|revoit|revu|revus|revoient à la hausse, revu+ à la hausse`
const CUTS = `
  réduire|réduit|réduisent|réduite|réduits|réduites|réduisait|réduisant|réduira|réduiront, abaisser*, abaissement+, supprimer*,
  suppression+, réduction+, tailler* dans, sabrer*, couper|coupe|coupent dans, rogner*, alléger|allège|allègent|allégé|allégée,
  limiter*, contenir|contient|contiennent|contenu, juguler*, freiner*, enrayer*, endiguer*, maîtriser*, maîtrise+,
  suspendre|suspend|suspendent|suspendu|suspendue|suspendus, revoir|revoit|revu|revus|revoient à la baisse, revu+ à la baisse,
  dégraisser*, détruire|détruit|détruisent`

const GOOD_THINGS = `
  action+, titre+, bourse+, marché+, indice+, cours, cac 40, cac, valeur+, bénéfice+, profit+, résultat+, chiffre d'affaires,
  chiffres d'affaires, vente+, marge+, croissance, production, commande+, carnet de commandes, carnets de commandes, emploi+, poste+,
  effectif+, embauche+, salaire+, pouvoir d'achat, moral, demande, consommation, investissement+, dividende+, prévision+, objectif+,
  objectif de cours, perspective+, note, notation+, économie+, pib, activité, exportation+, échange+, monnaie, liquidité,
  rentabilité, trésorerie, recettes, revenu+, part de marché, parts de marché, productivité, excédent+, appétit, fréquentation,
  livraison+, compétitivité, secteur, euro, livre, capitalisation, climat des affaires, prix de l'immobilier, solvabilité,
  popularité, rémunération+`
const GOOD_THINGS_ALONE = `reprise+, espoir+, optimisme, confiance, rebond+, embellie+`
const BAD_THINGS = `
  chômage, taux de chômage, demandeurs d'emploi, inflation, prix, prix à la consommation, hausse des prix, coût+, dette+,
  endettement, déficit+, dépense+, taux, taux d'intérêt, coût du crédit, droits de douane, impôt+, taxe+, volatilité, incertitude+,
  stocks, arriéré+, provision+, dépréciation+, pression+, tension+ sur les prix, facture, charges, impayé+, spread, prime de risque,
  tarifs douaniers, pénurie+, goulets d'étranglement, surcapacité+`
const BAD_THINGS_ALONE = `
  perte+, crainte+, peur+, inquiétude+, risque+, tension+, crise+, défaut+ de paiement, défaut+, récession+, défaillance+, doute+,
  menace+, turbulence+, panique, contagion, litige+, conflit+, fraude+, licenciement+, suppressions de postes, morosité, pessimisme,
  angoisse, nervosité, stagnation, créances douteuses, pauvreté, retard+, grève+, échec+, fermeture+`

export const FRENCH = new Dictionary()
const add = (entry: Parameters<Dictionary['add']>[0], phrases: string) =>
  FRENCH.add(entry, phrases, inflectFrench)
const value = (weight: number, phrases: string) => add({ role: 'value', weight }, phrases)
const move = (weight: number, seeks: Seeks, phrases: string) => add({ role: 'move', weight, seeks }, phrases)

move(1.5, 'left', UP)
move(1.8, 'left', UP_STRONG)
move(-1.5, 'left', DOWN)
move(1.8, 'phase', GOES_ON)
move(-1.8, 'phase', ENDS)
move(2.5, 'level', HIGHS)
move(-2.5, 'level', LOWS)
move(-2.5, 'left', FALLS)
move(1.8, 'right', RAISES)
move(-1.8, 'right', CUTS)

value(
  3,
  `
  nouveau record, record historique, record absolu, bénéfice record, bénéfices records, résultat record, ventes records,
  chiffre d'affaires record, meilleur+ que prévu|attendu|redouté|espéré, mieux que prévu|attendu|espéré|redouté,
  supérieur+ aux attentes|prévisions, dépasser* les|ses attentes|prévisions|objectifs, battre|bat|battent|battu le consensus,
  au dessus des attentes, renouer* avec les|des bénéfices|profits, renouer* avec la croissance, retour aux bénéfices,
  retour à l'équilibre`,
)
value(
  2,
  `
  record+, haussier+, sommet+, dans le vert, au vert, vent en poupe, tirer|tire|tirent|tiré son épingle du jeu,
  appétit pour le risque, ouvrir|ouvre|ouvrent la porte à, offre de rachat, rachat d'actions, rachats d'actions, baisse des taux,
  baisse de taux, baisses de taux, applaudir*, saluer*, rassurer*, succès, réussite+, réussir*, relance, éclaircie+, soulagement,
  soulager*, respirer*, passer|passe|passent|passé à l'achat, à l'achat, recommander* à l'achat, surperformer*, surpasser*,
  porter|porté|portée|portés|portées par, tirer|tiré|tirée|tirés|tirées par, tirer|tire|tirent vers le haut, résister*, résilient+,
  résilience, trêve+, accord+, prospère+, prospérer*, florissant+, remporter*, décrocher|décroche|décrochent|décroché un contrat,
  embaucher*, recruter*, dividende exceptionnel, verser* un dividende, sauver*, sauvetage, gagnant+, performant+, solide+, robuste+,
  dynamique+, vigoureux, excellent+, brillant+, atout+, opportunité+, bonne nouvelle, bonnes nouvelles, bon, bonne, bons, bonnes,
  positif+, favorable+, prometteur+, prometteuse+, encourageant+, rentable+, optimiste+, confiant+, confiance retrouvée,
  retrouver* l'appétit, retrouver* l'appétit pour le risque, goût du risque, répit+, meilleur+, mieux, enthousiasme, enthousiaste+,
  euphorie, victoire+, triomphe+, percée+, essor, boom, stabiliser*, assouplissement, accommodant+, sous évalué+, surpondérer`,
)
value(
  1,
  `
  promesse+, progrès, gain+, bénéfice+ net, profitable+, confirmer* ses objectifs, soutien, avantage+, bien orienté+, bien,
  sortie de crise, attractif+, relatif regain`,
)
value(
  -3,
  `
  krach+, bain de sang, avertissement+ sur résultats|résultat, avertissement+ sur les|ses résultats, profit warning, inférieur+ aux attentes|prévisions,
  en dessous des attentes, moins bon+ que prévu, pire+ que prévu|attendu, liquidation judiciaire, redressement judiciaire,
  cessation de paiements, dépôt de bilan, faillite+, en faillite, banqueroute, séance noire, lundi noir, jeudi noir, vent de panique,
  broyer|broie|broient du noir, au tapis, défaut de paiement, fraude comptable, mis+ en examen, rater|rate|ratent ses objectifs,
  manquer* ses objectifs, décevoir|déçoit|déçoivent|déçu les attentes, capituler*, en chute libre, chute libre, lointain souvenir`,
)
value(
  -2,
  `
  baissier+, dégrader*, dégradation+, plomber*, peser*, pèse|pèsent sur, peser sur, pénaliser*, menacer*, fuir*|fuit|fuient,
  fuite des capitaux, inquiet, inquiets, inquiète, inquiètes, inquiéter*, s'inquiéter, alarmer*, alerter*,
  décevoir|déçoit|déçoivent|déçu|déçue|déçus|déçues, déception+, décevant+, crise+, récession+, panique+, paniquer*, étrangler*,
  étouffer*, paralyser*, sanctionner*, sanction+, amende+, infliger|inflige|infligent|infligé, scandale+, enquête+, perquisition+,
  virer|vire|virent au rouge, dans le rouge, au rouge, en berne, au ralenti, à l'arrêt, effacer* ses|tous|ses gains,
  efface|effacent|effacé tous ses gains, effacer* ses gains, brûler* sa trésorerie, brûler* du cash,
  fermer|fermera|fermeront|ferme|ferment ses portes|son usine|des usines, liquider*, licencier*, supprimer* des postes|emplois,
  échouer*, échec+, mauvais+, mauvaise nouvelle, mauvaises nouvelles, mal orienté+, négatif+, défavorable+, faible+, faiblesse+,
  morose+, sombre+, difficile+, difficulté+, fragile+, fragiliser*, pire+, fondre|fond|fondent|fondu de moitié, sous pression,
  sous tension, vendre|vendent massivement, ventes massives, manquer* de, manque+ de, pénurie+, grève+, retarder*, retard+,
  plus cher, surcoût+, hausse des taux, hausse de taux, hausses de taux, dévaluation+, dévaluer*, surendettement, suspension+,
  démission+, démissionner*, catastrophe+, catastrophique+, désastre+, désastreux, marasme, tourmente, turbulence+, empirer*, détériorer*,
  détérioration+, péricliter*, souffrir|souffre|souffrent|souffert, subir*|subit, perdre de l'argent, bulle, surévalué+, défiance,
  méfiance, impasse, blocage, rappeler* des véhicules, rappel de véhicules, piratage, cyberattaque+, procès, plainte+,
  nécessaire au remboursement, marché baissier, vente à découvert, restructuration+`,
)
value(
  -1,
  `
  prudence, prudent+, attentisme, incertain+, incertitude+, volatil, retomber, hésiter*, hésitant+, freiner, problème+, litige+,
  contesté+, reporter*, report+, décote, essoufflement, se contenter`,
)
add({ role: 'thing', sign: 1, weight: 0 }, GOOD_THINGS)
add({ role: 'thing', sign: 1, weight: 1.4 }, GOOD_THINGS_ALONE)
add({ role: 'thing', sign: -1, weight: 0 }, BAD_THINGS)
add({ role: 'thing', sign: -1, weight: -1.4 }, BAD_THINGS_ALONE)

add(
  { role: 'nothing' },
  `
  société de bourse, en cours, au cours, cours de, en bourse, plus value, valeur ajoutée, ainsi que, prix nobel, fonds de commerce,
  prise de note, bon du trésor, bons du trésor, marché attentiste, risque pays, perte de vue, conformes aux attentes|prévisions,
  conforme aux attentes|prévisions, mise en bourse, à titre de, au titre de, en titre, dix ans, échange de vues, plus ou moins,
  de plus en plus, bien sûr, ou bien, en fonction, prime`,
)

add({ role: 'ne' }, `ne, n`)
add(
  { role: 'negator', factor: -0.8, weight: 0, reach: 6, only: 'after ne' },
  `plus, point, guère, rien, personne, nul, nulle`,
)
add({ role: 'negator', factor: -0.8, weight: 0, reach: 6, unless: 'compared' }, `jamais`)
add(
  { role: 'negator', factor: -0.8, weight: 0, reach: 6 },
  `
  pas, aucun, aucune, ni, sans, sans aucun, sans aucune, non, loin de, loin d, à peine, nullement, écarter|écarte|écartent|écarté,
  exclure|exclut|excluent, démentir|dément|démentent|démenti, pas encore`,
)
add(
  { role: 'negator', factor: -0.8, weight: 0, reach: 5 },
  `
  éviter*, échapper* à, échapper* au, échapper* aux, prévenir|prévient, empêcher*, surmonter*, sortir|sort|sortent|sorti de,
  sortie de, mettre|met|mettent fin à, lever|lève|lèvent, conjurer*, résister* à, résister* bien à, résister bien, résiste bien à,
  survivre|survit|survivent à`,
)
add(
  { role: 'negator', factor: -0.8, weight: -1, reach: 5 },
  `
  échouer* à, faute de, faute d, incapable+ de, peiner* à, renoncer* à, absence de, absence d, manque de, manquer* de, défaut de`,
)
add(
  { role: 'nothing' },
  `
  non seulement, pas seulement, sans doute, sans précédent, pas moins, ni plus ni moins`,
)
add(
  { role: 'degree', factor: 1.4 },
  `
  très, fortement, nettement, vivement, lourdement, massivement, sensiblement, considérablement, extrêmement, fort, forte, forts,
  fortes, net, nette, vif, vive, grand, grande, énorme+, brutal, brutale, brutalement, sévèrement, sévère+, gros, grosse, lourd,
  lourde, bien plus, beaucoup, violent+, violemment, spectaculaire+, surtout, encore`,
)
add(
  { role: 'degree', factor: 0.6 },
  `
  légèrement, légère, léger, un peu, modérément, modeste+, modestement, faiblement, quelque peu, plutôt, assez, presque,
  partiellement, marginalement, timide+, timidement, petit, petite`,
)
add({ role: 'degree', factor: 1.2, isComparison: true }, `aussi, si, autant, plus que, plus qu, mieux que`)
add({ role: 'value', weight: 2, isComparison: true }, `mieux, meilleur+`)
add({ role: 'contrast' }, `mais, toutefois, cependant, pourtant, néanmoins, en revanche`)
add(
  { role: 'clause', factor: 0.35 },
  `malgré, bien que, quoique, en dépit de, en dépit du, en dépit des, même si`,
)
add({ role: 'clause', factor: 0.5 }, `après, avant, depuis, si, à moins que, suite à`)
add(
  { role: 'clause', factor: 0.9 },
  `
  alors que, tandis que, qui, dont, où, lorsque, quand, car, puisque, parce que, face à, face au, grâce à, dans l'espoir, pour, chez,
  avec, et`,
)
