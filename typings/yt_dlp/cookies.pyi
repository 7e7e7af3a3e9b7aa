from http.cookiejar import MozillaCookieJar

class YoutubeDLCookieJar(MozillaCookieJar):
    def get_cookie_header(self, url: str) -> str | None: ...
