"""Sentences of our own in seven languages, rich in sounds that one sees on lips: M B P, F V, U O, A, I."""

from types import MappingProxyType

TEXTS = MappingProxyType(
    {
        "en-us": (
            "Hello, I am your talking sticker. Please bring my big blue umbrella, maybe before breakfast.",
            "We moved the piano up five floors. Nobody believed it, but my father has a very calm voice.",
            "Do you remember the warm summer evenings, when people would play music by the pool?",
        ),
        "ko": (
            "안녕하세요. 저는 말하는 이모티콘이에요. 오늘 날씨가 아주 좋네요, 바다에 가고 싶어요.",
            "엄마하고 아빠가 밥을 먹고 봄나들이를 가요. 버스를 타고 푸른 공원까지 갑니다.",
            "우리 동네 빵집에는 맛있는 보리빵이 많아요. 내일 아침에 같이 사러 가요.",
        ),
        "ja": (
            "こんにちは。わたしは まいにち パンを たべます。きょうは うみへ いきましょう。",
            "ともだちと こうえんで バスを まちます。ふゆの あさは とても さむいです。",
            "おかあさんは むらさきの ぼうしを かぶって、まちまで さんぽします。",
        ),
        "de": (
            "Guten Morgen, mein lieber Freund. Bitte bring mir fünf Äpfel und vier Bücher mit.",
            "Meine Mutter wohnt oben am Berg. Im Sommer baden wir zusammen im warmen Fluss.",
            "Warum möchtest du so früh aufstehen? Die Bahn fährt erst um halb sieben ab.",
        ),
        "fr": (
            "Bonjour, mon ami. Je voudrais un verre de vin rouge et beaucoup de pommes, s'il vous plaît.",
            "Ma famille habite au bord de la mer. Nous mangeons souvent du poisson avec mes voisins.",
            "Où vas-tu ce soir ? Il faut prendre le bus avant minuit pour rentrer à la maison.",
        ),
        "es": (
            "Buenos días, me llamo María y vivo en Madrid. Por favor, ponme un vaso de agua.",
            "Mi abuelo sube a la montaña muy temprano. Luego come pan con mermelada y bebe café.",
            "Nunca olvido mi primer viaje en barco. El mar estaba tranquilo y la luna brillaba.",
        ),
        "cmn": (
            "你好，我是你的朋友。我们明天去北京看爸爸妈妈，好吗？",
            "今天的天气非常好。我想跑步，也想吃苹果和面包。",
            "我的老师每天都骑自行车。他不喜欢坐公共汽车。",
        ),
    }
)
"""By espeak-ng's name of the language."""

NAMES = MappingProxyType({"en-us": "en", "cmn": "zh"})
"""Folder names where they differ."""
