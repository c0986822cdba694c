"""Words that give away what a line is: the phrases of share bars, newsletter boxes, comment forms and imprints.

Phrases are lower-case runs of words (or, for scripts without spaces, of characters), in the languages that news sites
are most often written in. They are evidence for the classifier of line roles, never a verdict.
"""

import re

_WORDS = {
    "share": """share|shares|share this|share on|tweet|retweet|pin it|facebook|twitter|whatsapp|linkedin|reddit|pinterest|
        instagram|tumblr|flipboard|telegram|copy link|email|e-mail|print|click to|new window|like this|teilen|drucken|
        merken|partager|imprimer|compartir|comparte|compartilhar|compartilhe|imprimir|condividi|stampa|delen|deel|bagikan|
        paylaş|udostępnij|поделиться|вконтакте|одноклассники|شارك|مشاركة|分享|收藏|点赞|シェア|ツイート|공유|messenger|save
        """,
    "subscribe": """subscribe|subscribed|subscriber|subscribers|subscription|newsletter|newsletters|sign up|signing up|
        sign-up|your inbox|inbox|email address|delivered to|delivered straight|follow us|follow our|like us|join our|
        telegram channel|whatsapp channel|whatsapp group|download our app|download the app|get the app|app store|
        google play|become a member|donate|donate now|free trial|unlimited access|breaking news alerts|latest updates|
        our app|enter your|for free|abonnieren|abonnement|abo|kostenlos anmelden|s'abonner|abonnez-vous|abonné|abonnés|
        inscrivez-vous|recevez|suscríbete|suscribirse|regístrate|boletín|síguenos|únete|assine|assinante|cadastre-se|
        receba|inscreva-se|siga|iscriviti|abbonati|abbonamento|nieuwsbrief|abonneren|meld je aan|langganan|ikuti kami|abone|
        bültenimize|zapisz się|prenumerata|подписаться|подписывайтесь|подписка|рассылку|اشترك|النشرة|扫描二维码|公众号|
        关注我们|メールマガジン|登録|구독|special offers|privacy policy|no thanks""",
    "navigation": """home|menu|search|sign in|log in|login|log out|logout|register|my account|account|about|about us|
        contact|contact us|advertise|careers|jobs|sitemap|site map|help|faq|skip to|main content|navigation|sections|
        latest news|news|sport|sports|business|politics|world|opinion|video|videos|photos|podcasts|weather|lifestyle|
        culture|tech|technology|health|entertainment|travel|obituaries|classifieds|e-paper|tags|tag|topics|filed under|
        posted in|categories|category|hashtags|toggle|breadcrumb|you are here|back to top|top|privacy|terms|
        terms of use|terms of service|terms and conditions|cookie policy|privacy notice|privacy policy|settings|rss|
        press releases|media|investors|products|services|company|see all|view all|more|next|previous|startseite|
        anmelden|suche|menü|impressum|datenschutz|agb|kontakt|themen|politik|wirtschaft|kultur|accueil|se connecter|
        rechercher|actualités|mentions légales|plan du site|politique|économie|inicio|noticias|deportes|buscar|
        iniciar sesión|aviso legal|quiénes somos|contacto|etiquetas|política|economía|início|notícias|esportes|entrar|
        fale conosco|contato|quem somos|termos de uso|marcadores|accedi|cerca|chi siamo|contatti|cronaca|voorpagina|
        inloggen|zoeken|nieuws|beranda|berita|masuk|daftar|redaksi|tentang kami|kontak|olahraga|ekonomi|ana sayfa|gündem|
        spor|künye|iletişim|strona główna|wiadomości|zaloguj się|szukaj|regulamin|главная|новости|войти|поиск|контакты|
        теги|политика|экономика|спорт|الرئيسية|أخبار|بحث|من نحن|اتصل بنا|首页|新闻|登录|注册|搜索|关于我们|联系我们|
        当前位置|ホーム|ニュース|ログイン|検索|メニュー|お問い合わせ|利用規約|会社概要|로그인|검색""",
    "related": """related|related articles|related stories|related news|related topics|related links|related content|
        related posts|read more|read also|also read|read next|more from|more on|more stories|more news|most read|
        most popular|most viewed|most shared|popular|trending|trending now|top stories|top story|latest|latest news|
        recommended|recommended for|editor's picks|editors' picks|you may|may also like|might like|might also|
        you missed|don't miss|must read|what to read|up next|around the web|promoted|stories you|recent posts|
        recent articles|recent comments|archives|see also|see more|watch|more in|in case you|lesen sie auch|
        mehr zum thema|meistgelesen|weitere artikel|auch interessieren|lire aussi|à lire|les plus lus|même sujet|
        vous aimerez|lee también|te puede interesar|más leído|más leídas|noticias relacionadas|leer más|más noticias|
        leia também|veja também|veja mais|mais lidas|saiba mais|artigos relacionados|leggi anche|i più letti|
        potrebbe interessarti|articoli correlati|lees ook|meer nieuws|meest gelezen|baca juga|berita terkait|terpopuler|
        terkait|ilgili haberler|ilgili haber|çok okunanlar|czytaj także|polecane|najczęściej czytane|читайте также|
        популярное|новости партнёров|похожие|اقرأ أيضا|مواضيع ذات صلة|الأكثر قراءة|相关新闻|热门推荐|延伸阅读|推荐阅读|
        関連記事|あわせて読みたい|ランキング|관련기사""",
    "timestamp": """ago|hours ago|hour ago|an hour ago|minutes ago|mins ago|hrs ago|days ago|a day ago|just now|moments ago|
        today|published|updated|posted|last updated|
        last modified|first published|min read|minute read|am|pm|gmt|est|edt|cst|pst|pdt|utc|ist|bst|cet|january|february|
        march|april|june|july|august|september|october|november|december|jan|feb|mar|apr|jun|jul|aug|sep|sept|oct|nov|
        dec|monday|tuesday|wednesday|thursday|friday|saturday|sunday|yesterday|uhr|stand|lesezeit|aktualisiert|vor|
        publié|publié le|mis à jour|temps de lecture|il y a|publicado|actualizado|hace|atualizado|atrás|há|pubblicato|
        aggiornato|tempo di lettura|laatst bijgewerkt|gepubliceerd|diperbarui|wib|son güncelleme|godz|опубликовано|
        обновлено|آخر تحديث|发布时间|公開日|更新日|januar|februar|märz|mai|juni|juli|august|oktober|dezember|janvier|
        février|mars|avril|juin|juillet|août|septembre|octobre|novembre|décembre|enero|febrero|marzo|abril|mayo|junio|
        julio|agosto|septiembre|octubre|noviembre|diciembre|janeiro|fevereiro|março|maio|junho|julho|setembro|outubro|
        novembro|dezembro|gennaio|febbraio|aprile|maggio|giugno|luglio|settembre|ottobre|dicembre|maret|agustus|
        desember|января|февраля|марта|апреля|мая|июня|июля|августа|сентября|октября|ноября|декабря""",
    "comments": """comment|comments|leave a comment|leave a reply|reply|replies|replied|to comment|be the first|
        no comments|post a comment|add a comment|add comment|view comments|show comments|disqus|log in to|logged in|
        not be published|required fields|says|join the conversation|conversation|upvote|like reply|website|your name|
        save my name|notify me|moderated|kommentar|kommentare|antworten|nicht veröffentlicht|schreiben sie|commentaire|
        commentaires|commenter|répondre|réagir|pas publiée|comentario|comentarios|deja una respuesta|responder|
        no será publicada|comentário|comentários|deixe um|deixe uma|não será publicado|lascia un|commento|commenti|
        rispondi|non verrà pubblicato|reactie|reacties|beantwoorden|komentar|balas|tinggalkan|balasan|tidak akan|yorum|
        yorumlar|yorum yap|yayımlanmayacak|komentarze|dodaj komentarz|odpowiedz|комментарии|комментарий|ответить|
        не будет опубликован|التعليقات|اترك تعليقا|评论|发表评论|网友|コメント|댓글""",
    "copyright": """©|copyright|all rights|rights reserved|may not be|be reproduced|without permission|prior written|
        alle rechte|rechte vorbehalten|tous droits|droits réservés|reproduction interdite|todos los derechos|
        prohibida la reproducción|todos os direitos|direitos reservados|tutti i diritti|riproduzione riservata|p.iva|
        rechten voorbehouden|hak cipta|tüm hakları|wszelkie prawa|права защищены|جميع الحقوق|版权所有|未经授权|禁止转载|
        無断転載|reserved|powered by|trademark|inc|ltd|llc|registered office|theme""",
    "caption": """photo|photos|image|picture|pictured|getty|getty images|ap photo|afp|file photo|credit|courtesy|
        photograph|photographer|handout|shutterstock|reuters|epa|image source|image caption|gallery|enlarge|
        toggle caption|view gallery|foto|fotos|bild|crédit|crédits|divulgação|reprodução|archivo|efe|fot|фото|摄|撮影|
        写真|사진|screenshot|instagram|youtube|via""",
    "byline": """by|reporter|staff writer|correspondent|contributor|editor|written by|posted by|reported by|reporting by|
        editing by|additional reporting|author|about the author|covers|follow him|follow her|contributed to|columnist|
        freelance|is a writer|is a journalist|von|redaktion|redakteur|redakteurin|par|journaliste|por|redacción|
        da redação|jornalista|periodista|di|redazione|giornalista|door|redactie|oleh|penulis|haber|autor|автор|
        корреспондент|كتب|作者|来源|记者|责任编辑|责编|記者|기자""",
    "other": """advertisement|advertisements|advertising|sponsored|ad|ads|affiliate|commission|cookie|cookies|
        story continues|continue reading|continues below|continued|scroll|loading|javascript|browser|play video|
        embedded content|disclaimer|privacy|consent|accept|accept all|report an error|corrections|buy now|shop now|
        learn more|click here|listen|text size|rate this|was this|helpful|close|close this|ai features|our ai|
        anzeige|werbung|akzeptieren|publicité|publicidad|publicidade|pubblicità|advertentie|iklan|reklam|reklama|реклама|
        إعلان|广告|広告|광고|username|password|offer|offers|aceptar|accepter|free delivery|wordcount""",
}
KINDS = tuple(_WORDS)
_TOKEN = re.compile(r"[^\W_]+(?:['’.-][^\W_]+)*|©")
_UNSPACED = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def _phrases() -> dict[str, tuple[int, ...]]:
    kinds: dict[str, tuple[int, ...]] = {}
    for index, words in enumerate(_WORDS.values()):
        for phrase in words.split("|"):
            key = " ".join(phrase.split())
            kinds[key] = (*kinds.get(key, ()), index)
    return kinds


_PHRASES = _phrases()
_BEGINNINGS = frozenset(phrase.split()[0] for phrase in _PHRASES if " " in phrase)
_UNSPACED_PHRASES = tuple(phrase for phrase in _PHRASES if _UNSPACED.search(phrase))


def words_of(text: str) -> list[str]:
    """The words of a text, in lower case; a script without spaces gives a word per run of letters."""
    return _TOKEN.findall(text.lower())


def count_unspaced(text: str) -> int:
    """The number of letters of scripts without spaces."""
    return 0 if text.isascii() else len(_UNSPACED.findall(text))


def count_cues(text: str, words: list[str]) -> list[float]:
    """For each of KINDS, how many of the words (each word of a phrase counts) speak for it."""
    counts = [0.0] * len(KINDS)
    for word in filter(_PHRASES.__contains__, words):
        for kind in _PHRASES[word]:
            counts[kind] += 1
    for i in () if _BEGINNINGS.isdisjoint(words) else range(len(words)):
        if words[i] in _BEGINNINGS:
            for n_words in (2, 3):
                for kind in _PHRASES.get(" ".join(words[i : i + n_words]), ()):
                    counts[kind] += n_words
    if _is_unspaced(text):
        for phrase in _UNSPACED_PHRASES:
            if phrase in text:
                for kind in _PHRASES[phrase]:
                    counts[kind] += 1
    return counts


def _is_unspaced(text: str) -> bool:
    """True when the text holds letters of a script that sets no spaces between words."""
    return not text.isascii() and _UNSPACED.search(text) is not None
