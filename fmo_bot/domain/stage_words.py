"""What a status name tells about its stage, in English, Chinese, Spanish, French and Portuguese.

Names are compared without accents and case. A Latin word of the lists matches from the start of a word, a Chinese one
anywhere. Only a guess is made of this: a scrum master confirms it.
"""

import re
import unicodedata
from dataclasses import dataclass

from fmo_bot.domain.parties import OPERATOR, VENDOR

ABANDONED, WAITING, DONE, ACTIVE, BACKLOG = "abandoned", "waiting", "done", "active", "backlog"

_WHOLE_BACKLOG = """
    backlog|product backlog|to do|todo|to-do|open|opened|reopened|new|inbox|created|triage|ideas?|funnel|draft|icebox
    |not started|no iniciado|no iniciada|non commence|non demarre|nao iniciado|nao iniciada
    |待办|待办事项|待处理|未开始|新建|打开|重新打开|收件箱|需求池|待规划|待评估
    |pendiente|pendientes|por hacer|tareas? por hacer|abierto|abierta|nuevo|nueva|reabierto
    |a faire|ouvert|ouverte|nouveau|nouvelle|rouvert
    |a fazer|tarefas? pendentes?|itens pendentes|aberto|aberta|novo|nova|reaberto
"""
_WHOLE_DONE = """
    done|closed|complete|completed|resolved|finished|released|shipped|delivered|live|in production|accepted|verified
    |完成|已完成|关闭|已关闭|结束|已结束|已解决|解决|已发布|已上线|已交付|已验收
    |hecho|hecha|listo|lista|terminado|terminada|completado|completada|cerrado|cerrada|finalizado|finalizada
    |resuelto|resuelta|entregado|entregada
    |fait|faite|termine|terminee|fini|finie|ferme|fermee|clos|close|resolu|resolue|livre|livree
    |feito|feita|concluido|concluida|pronto|fechado|fechada|finalizada|resolvido|resolvida|entregue
"""
_PARTS = (  # the first list that matches decides
    (
        ABANDONED,
        "cancel|abandon|wont|won't|reject|declin|discard|obsolete|duplicate|invalid|descartad|rechazad|desestimad"
        "|annule|rejete|refuse|rejeitad|recusad",
        "取消|废弃|放弃|作废|拒绝|不做|终止",
    ),
    (BACKLOG, "backlog|refin|groom|analys(?:e|is) pending|por refinar|a affiner", "待办|需求池|未开始"),
    (
        WAITING,
        "await|wait|ready|pending|block|on hold|hold|queue|selected|committed|approved|to be|stuck|paused|impede"
        "|en espera|espera|esperando|pendient|bloque|listo para|lista para|seleccionad|en pausa"
        "|en attente|attente|pret|prete|bloqu|selectionn"
        "|aguard|pendente|pronto para|em espera|bloquead|selecionad|pausad",
        "待|等|挂起|阻塞|暂停|就绪|准备",
    ),
    (
        DONE,  # a step that is over: the end in the last column, before it a wait for the next step
        "(?:.* )?(?:done|complete|completed|finished|developed|implemented|reviewed|tested|verified|validated|deployed"
        "|hecho|terminado|desarrollado|probado|validado|desplegado|termine|fini|developpe|teste|valide|deploye"
        "|feito|concluido|desenvolvido|testado|implantado)$",
        "完成$|完毕$|已(?:开发|实现|评审|测试|验证|部署)$",
    ),
    (
        ACTIVE,
        "in |under|doing|develop|progress|implement|build|cod(?:e|ing)|review|test|qa\\b|uat|verif|validat|deploy"
        "|design|analy|integrat|fix|work|start"
        "|en curso|en progreso|en desarrollo|desarroll|revis|prueba|despleg|haciendo|ejecuci"
        "|en cours|developpement|revue|deploi|recette"
        "|em |andamento|desenvolv|teste|homolog|implant|fazendo",
        "中|开发|测试|评审|审核|部署|设计|联调|实现|验收|处理",
    ),
    (
        DONE,
        "done|clos|complet|resolv|finish|releas|shipp|deliver|hech|terminad|cerrad|finaliz|resuelt|entregad"
        "|termine|fini|ferme|livre|resolu|conclu|fechad|feit|entregue",
        "完成|关闭|结束|发布|上线|交付|解决",
    ),
)
_SIDES = (
    (
        OPERATOR,
        "operator|operador|operateur|customer|client|cliente|carrier|telco|uat|user acceptance|acceptance"
        "|aceptacion|aceitacao|aceite|homolog|recette|business",
        "运营商|客户|甲方|验收",
    ),
    (VENDOR, "vendor|supplier|provider|contractor|proveedor|fournisseur|prestataire|fornecedor", "供应商|厂商|乙方"),
)


@dataclass(frozen=True, slots=True)
class Hint:
    """What a name says: a kind of stage, whether the whole name is that word, and who holds it; None: nothing."""

    kind: str | None
    whole: bool = False
    side: str | None = None


def hint(name: str) -> Hint:
    """Read a status or column name."""
    plain = _plain(name)
    side = next((side for side, pattern in _SIDE_PATTERNS if pattern.search(plain)), None)
    for kind, whole in ((BACKLOG, _BACKLOG), (DONE, _DONE)):
        if whole.fullmatch(plain):
            return Hint(kind, whole=True, side=side)
    return Hint(next((kind for kind, pattern in _PART_PATTERNS if pattern.search(plain)), None), side=side)


def _plain(name: str) -> str:
    """Lower case, straight apostrophes, no accents, single spaces."""
    letters = unicodedata.normalize("NFKD", name.casefold().replace("’", "'"))
    return " ".join("".join(letter for letter in letters if not unicodedata.combining(letter)).split())


def _whole(words: str) -> re.Pattern[str]:
    return re.compile("|".join(word.strip() for word in words.replace("\n", " ").split("|")))


def _part(latin: str, chinese: str) -> re.Pattern[str]:
    return re.compile(rf"(?:^|[^a-z])(?:{latin})|{chinese}")


_BACKLOG, _DONE = _whole(_WHOLE_BACKLOG), _whole(_WHOLE_DONE)
_PART_PATTERNS = tuple((kind, _part(latin, chinese)) for kind, latin, chinese in _PARTS)
_SIDE_PATTERNS = tuple((side, _part(latin, chinese)) for side, latin, chinese in _SIDES)
