"""What the rule book says in words that no table holds, in both languages."""

BOOK = {
    "head": """# The rule book of registration · 登记规则手册

Made by `scripts/rules` from the tables in `contracts/edges.py` and `contracts/disputes.py`, which
drive the program and its tests, and from the profiles in `contracts/profiles/`. Articles are those
of 《数据产权登记工作指引（试行）》, 国数综政策〔2026〕35号; their digest is in
[guideline](guideline.md). The members of each event are in [kinds](kinds.md).

[English](#the-rules) · [中文](#规则)
""",
    "en": {
        "title": "# The rules\n",
        "reading": """A registration is one application and its procedure. It is always in exactly one state, and
each step leads from some states to one. A step is an event that a party signs; two steps happen by
the passing of time and no event makes them. A step that is not allowed in the present state is
refused with `wrong_step`, one by somebody else with `wrong_role`.

This is the way to the record, and what the registrar does to a record afterwards. An objection to
what is recorded runs a procedure of its own, at the end of this page (Art. 29).

The registrar decides no case of its own: where it is an applicant, the agent that filed or an
objector, since before it came into office, each of its steps is refused with `own_case` (Art. 10).

## States
""",
        "state_heads": ["state", "in words", "it is", "clock of completion"],
        "stands": {
            "open": "open",
            "done": "done",
            "end": "at an end",
            "before": "not yet",
            "runs": "runs",
            "stops": "stands still",
            "notice": "stands still until the notice is over, then runs",
            "over": "over",
        },
        "diagram": "## The way through\n",
        "start": "(nothing yet)",
        "steps": "\n## Steps\n",
        "or": " or ",
        "list": ", ",
        "comma": "; ",
        "colon": ": ",
        "stays": "the state stays",
        "no_event": "no event",
        "by": {
            "applicant": "An applicant",
            "registrar": "The registrar",
            "anybody": "Any party that is neither an applicant nor the agent that filed",
            "objector": "A party that has an objection open",
            "holder": "A declared right-holder",
            "outsider": "Any party that is neither a right-holder nor the registrar",
            "right-holder": "A right-holder",
            "nobody": "Nobody: it happens by the passing of time",
        },
        "starts": "Starts the clock of {}.",
        "pauses": {
            "state": "The clock of completion stands still while this lasts.",
            "notice": "The clock of completion stands still until the notice is over.",
        },
        "silence": "If nothing is done: ",
        "clocks": """## Clocks

Lengths are in working days.
""",
        "clock_heads": ["clock", "starts with", "article", "when it is over"],
        "clock_names": {
            "acceptance": "acceptance",
            "notice": "public notice",
            "objection": "inquiry",
            "completion": "completion",
            "extension": "extension",
        },
        "overdue": "It is overdue: this is shown and counted, and nothing is refused for it.",
        "days": "{}",
        "no_clock": "none",
        "counting": """How days are counted:

- Days are those of UTC+08:00. The day on which something happens does not count; *n* working days
  end at 24:00 of the *n*-th, which is still inside. Filed on Monday at 10:00, an application is to
  be answered by Thursday, 24:00; on Friday at 00:00 silence means that it is accepted.
- A deadline that is given as a date, such as that of a correction, ends at the instant it names.
- A day that a supplement, the public notice or an inquiry touches, however briefly, is not used up
  of the days of completion. The notice counts from its publication in the system that it names.
- An extension adds its days to those of completion. It is taken once, while there is time left.
- Working days come from the published calendar of each year. Where it is missing a deadline is
  unknown, and only an event that needs it is refused (`calendar_unknown`): a public notice and an
  extension. Silence means nothing until the calendar is published; it then counts from the filing.
- Nothing runs on a timer. What the passing of time has done follows from the record and a time.

The lengths under `national-2026` are those of the articles; those of the other profiles are our
judgement.
""",
        "types": """## Types of registration

All five run this procedure (Art. 32). The profile says which need a public notice, or a decision
that there is none, before they are recorded; the others are recorded from `accepted` too.
""",
        "type_heads": ["type", "in words"],
        "type_names": {
            "initial": "initial registration",
            "transfer": "transfer",
            "change": "change",
            "renewal": "renewal",
            "cancellation": "cancellation",
        },
        "no_type": "not known",
        "noticed": "with notice",
        "unnoticed": "without notice",
        "actors": "## Who takes which step\n",
        "actor_heads": ["who", "steps"],
        "objections": """## Objections to what is recorded

Who is no right-holder may object to a record for as long as its voucher is live. The objection is a
procedure of its own beside the registration, which stays in force meanwhile. How many days the
registrar has to tell the right-holders is the clock `notify` of the profile.
""",
    },
    "zh": {
        "title": "# 规则\n",
        "reading": """一件登记即一份申请及其办理程序。登记在任一时点恰处于一种状态，每一步骤由若干状态
通向一种状态。步骤即由主体签署的事件；另有两个步骤因时间经过而发生，无须任何事件。当前状态下不允许的
步骤以 `wrong_step` 拒绝，由无权主体作出的以 `wrong_role` 拒绝。

本手册所载为自申请至登记的程序，以及登记机构在登记后的处理。对已登记事项的异议另有程序，
见本页末尾（第 29 条）。

登记机构不得办理与自身有关的事项：其在任职之前已为申请人、代为申请的代理人或异议人的，其各步骤均以
`own_case` 拒绝（第 10 条）。

## 状态
""",
        "state_heads": ["状态", "含义", "所处阶段", "办结期限"],
        "stands": {
            "open": "办理中",
            "done": "已办结",
            "end": "已终结",
            "before": "尚未起算",
            "runs": "计算",
            "stops": "停止计算",
            "notice": "公示期满前停止计算，期满后继续计算",
            "over": "已结束",
        },
        "diagram": "## 流程\n",
        "start": "（尚未申请）",
        "steps": "\n## 步骤\n",
        "or": " 或 ",
        "list": "、",
        "comma": "；",
        "colon": "：",
        "stays": "状态不变",
        "no_event": "无事件",
        "by": {
            "applicant": "申请人",
            "registrar": "登记机构",
            "anybody": "申请人及代为申请的代理人以外的任一主体",
            "objector": "有未结异议的异议人",
            "holder": "仅经申报的权利人",
            "outsider": "权利人与登记机构以外的任一主体",
            "right-holder": "权利人",
            "nobody": "无人操作：因时间经过而发生",
        },
        "starts": "起算{}。",
        "pauses": {
            "state": "在此状态期间，办结期限停止计算。",
            "notice": "公示期满前，办结期限停止计算。",
        },
        "silence": "逾期：",
        "clocks": """## 期限

期限以工作日计。
""",
        "clock_heads": ["期限", "起算步骤", "条文", "届满"],
        "clock_names": {
            "acceptance": "受理期限",
            "notice": "公示期",
            "objection": "异议核查期限",
            "completion": "办结期限",
            "extension": "延长期限",
        },
        "overdue": "即为逾期：予以显示与统计，不因此拒绝任何步骤。",
        "days": "{}",
        "no_clock": "无",
        "counting": """计算方法：

- 日期以 UTC+08:00 计。事件发生当日不计入；*n* 个工作日于第 *n* 个工作日 24:00 届满，当日在期限之内。
  例如周一 10:00 提交的申请，应于周四 24:00 前答复；周五 00:00 起视为受理。
- 以日期写明的期限（如补正期限），于所写明的时刻届满。
- 补充材料、公示或异议核查期间所涉之日，无论时间长短，均不计入办结期限。公示期自公示系统发布之时起算。
- 延长是在办结期限之上增加天数，仅可一次，且须在办结期限届满前作出。
- 工作日以每年公布的工作日历为准。日历未公布的，期限为未知，仅拒绝须以该期限为依据的事件
  （`calendar_unknown`）：公示与延长。日历公布之前，未答复不发生效力；公布之后自申请之日起计算。
- 没有任何定时程序。时间经过所产生的效果，由记录与所问时点推算得出。

`national-2026` 的天数依条文规定，其他规则的天数为本项目的判断。
""",
        "types": """## 登记类型

五种类型均适用本程序（第 32 条）。哪些类型在登记前须公示或决定不予公示，由所用规则规定；其余类型也可以
由 `accepted` 直接登记。
""",
        "type_heads": ["类型", "含义"],
        "type_names": {
            "initial": "初次登记",
            "transfer": "转让登记",
            "change": "变更登记",
            "renewal": "续期登记",
            "cancellation": "注销登记",
        },
        "no_type": "不设",
        "noticed": "须公示",
        "unnoticed": "无须公示",
        "actors": "## 各主体的步骤\n",
        "actor_heads": ["主体", "步骤"],
        "objections": """## 对已登记事项的异议

凭证有效期间，权利人以外的主体可以提出异议。异议程序独立于登记，其间登记继续有效。登记机构告知权利人的
天数，由所用规则的 `notify` 期限规定。
""",
    },
}
