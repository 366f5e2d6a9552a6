"""List words that attackers try first, in lower case and without trailing digits.

Common knowledge in English and Chinese, and the words of this product.
"""

COMMON = frozenset(
    """
    password passw0rd passwort passwd pass p4ssword p4ssw0rd mypassword thepassword password1password
    passwordpassword admin administrator adminadmin root rootroot rootadmin superuser sysadmin user useruser guest
    guestguest test testtest tester testing demo demodemo default changeme changemenow changethis letmein letmeinnow
    openup opensesame welcome welcomeback welcomewelcome login loginlogin logmein secret topsecret mysecret access
    qwerty qwertyqwerty qwertyuiop qwertyasdfgh asdfgh asdfghjkl asdfasdf zxcvbn zxcvbnm azerty qazwsx qazwsxedc
    qazwsxedcrfv zaqwsx zaqxsw abcabc abcabcabc abcd abcde abcdef abcdefg abcdefgh abcdabcd aabbcc aabbccdd xyzxyz
    iloveyou iloveyouso ilovegod ilovechina iloveu loveyou lovelove mylove sunshine princess football baseball
    basketball superman batman spiderman pokemon dragon dragonball monkey master shadow freedom whatever trustno
    trustnoone michael jordan jennifer jessica charlie computer internet hello hellohello helloworld worldhello
    starwars killer cheese chocolate butterfly summer winter spring autumn monday friday january december
    woaini woainima woaiwojia woaizhongguo wobuzhidao nihao nihaoma nihaonihao aini ainiyiwannian zhongguo zhonghua
    beijing shanghai guangzhou shenzhen xiamen fuzhou quanzhou fujian minnan taiwan taipei hongkong jinjiang
    mima mimamima wodemima guanliyuan guanli houtai denglu shequ jiedao cishan juanzeng juankuan aixin aixindian
    aixinjuanzeng huada huadashequ huaqiao huaqiaodaxue community donation donations charity beacon beacons ibeacon
    beaconadmin beacongateway beaconcentral beaconserver centralserver gateway raspberry raspberrypi wechat weixin
    alipay zhifubao unionpay yinlian taobao tencent baidu huawei xiaomi
    5201314 1314520 520520 147258369 741852963 123123 123123123 123321 112233 11223344 1122334455 12341234
    1234512345 123456123456 123654789 987654321 9876543210 0987654321 1234567890 1029384756 13145201314 5201314520
    52013145201314 7758521 77585211314 1111122222 a123456789 a1234567890 1234567890a 123456789a abc123456789
    abcd1234 abcd12345678 abc123abc123 qwe123qwe qwe123456789 q1w2e3r4t5 q1w2e3r4t5y6 1q2w3e4r 1q2w3e4r5t 1q2w3e4r5t6y
    1qaz2wsx 1qaz2wsx3edc zaq12wsx zaq1xsw2cde3 admin123admin admin888 admin123456 root123456 test123456 aa123456
    aa12345678 aa123456789 qq123456789 wang123456 zhang123456 li123456789 chen123456 woaini1314 woaini520 woaini521
    """.split()  # noqa: SIM905  (a table of words)
)
OURS = frozenset(
    """
    huaqiaodaxue huaqiao huada shequ jiedao cishan juanzeng juankuan aixindian aixin guanliyuan guanli houtai
    community donation donations donate charity beacons beacon ibeacon gateway central server kiosk administrator admin
    finance staff viewer operator password passwort mima unionpay yinlian weixin wechat
    社区 社區 街道 慈善 捐款 捐赠 捐贈 爱心 愛心 华侨大学 華僑大學 华大 華大 信标 信標 网关 網關 管理员 管理員 密码 密碼
    """.split()  # noqa: SIM905  (a table of words)
)
"""Words of this product, its roles and its first site; a password of little else is easy to guess."""
