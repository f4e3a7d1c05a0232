"""How names with dots in them end: the domains of the Internet and of local networks; all in lower case."""

from appliance.privacy.vocabulary import words

ENDINGS = words(
    """
    com net org edu gov mil int biz info aero coop museum pro tel app dev cloud online site shop tech company group office print
    network local localdomain localhost lan lokal home intern internal intranet intra corp private priv domain domains ad dmz vpn
    wlan wifi example test invalid arpa onion gmbh koeln hamburg berlin bayern wien swiss paris bzh eus cat gal nrw saarland tirol
    """
)
"""Endings that are no country, as far as printers are likely to stand below them."""

COUNTRIES = words(
    """
    ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs bt bw by bz ca cc cd cf cg ch ci ck
    cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg er es et eu fi fj fk fm fo fr ga gb gd ge gf gg gh gi gl gm gn gp gq
    gr gs gt gu gw gy hk hm hn hr ht hu id ie il im in io iq ir is it je jm jo jp ke kg kh ki km kn kp kr kw ky kz la lb lc li lk lr
    ls lt lu lv ly ma mc md me mg mh mk ml mm mn mo mp mq mr ms mt mu mv mw mx my mz na nc ne nf ng ni nl no np nr nu nz om pa pe pf
    pg ph pk pl pm pn pr ps pt pw py qa re ro rs ru rw sa sb sc sd se sg sh si sj sk sl sm sn so sr ss st su sv sx sy sz tc td tf tg
    th tj tk tl tm tn to tr tt tv tw tz ua ug uk us uy uz va vc ve vg vi vn vu wf ws ye yt za zm zw
    """
)
"""Endings of countries (ISO 3166-1, and those that are used beside it)."""

FILES = words("py sh md so ps pm")
"""Endings of files as well as of countries: of a name of two parts the former."""
