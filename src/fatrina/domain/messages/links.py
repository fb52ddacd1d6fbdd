"""Texts for errors of a photo's link."""

from typing import Final

from fatrina.domain.messages.message import Message

MESSAGES: Final[dict[str, Message]] = {
    "link_malformed": Message(
        "صيغة الرابط {field} غير صحيحة",
        "The {field} field must hold a full link that begins with http:// or https://.",
    ),
    "link_too_long": Message(
        "الرابط أطول من الحد المسموح به، وهو {limit} حرف. أرسل رابطًا أقصر، أو ارفع ملف الصورة نفسه.",
        "The link is longer than {limit} characters. Send a shorter link, or upload the photo itself.",
    ),
    "link_credentials": Message(
        "يحتوي الرابط على اسم مستخدم أو كلمة مرور. أرسل رابطًا خاليًا منهما يمكن لأي شخص فتحه.",
        "The link contains a user name or a password. Send a link without them that anyone can open.",
    ),
    "link_port_not_allowed": Message(
        "يحدد الرابط المنفذ {port}، ولا يُقبل إلا المنفذان 80 و443. أرسل رابطًا بلا رقم منفذ، أو ارفع ملف الصورة نفسه.",
        "The link contains the port {port}; only ports 80 and 443 are allowed. Send a link without a port, or upload the photo itself.",
    ),
    "link_address_not_allowed": Message(
        "لا يؤدي الرابط إلى عنوان عام على الإنترنت. ضع الصورة في موقع متاح للجميع، أو ارفع ملف الصورة نفسه.",
        "The link does not lead to a public internet address. Put the photo where anyone can open it, or upload the photo itself.",
    ),
    "link_unresolved": Message(
        "تعذّر العثور على الموقع المذكور في الرابط. تأكد من صحة كتابته، أو ارفع ملف الصورة نفسه.",
        "The link's site cannot be found. Check its spelling, or upload the photo itself.",
    ),
    "link_unreachable": Message(
        "رفض خادم الموقع المذكور في الرابط الاتصال أو قطعه. أعد المحاولة لاحقًا، أو ارفع ملف الصورة نفسه.",
        "The link's server refused or closed the connection. Try again later, or upload the photo itself.",
    ),
    "link_tls": Message(
        "تعذّر إنشاء اتصال آمن (HTTPS) بالموقع المذكور في الرابط. أبلغ مشغّل الموقع، أو ارفع ملف الصورة نفسه.",
        "A secure connection (HTTPS) to the link's site could not be established. Report this to the site's operator, or upload the photo itself.",
    ),
    "link_certificate_expired": Message(
        "شهادة الأمان للموقع المذكور في الرابط منتهية الصلاحية أو لم يبدأ سريانها. أبلغ مشغّل الموقع، أو ارفع ملف الصورة نفسه.",
        "The security certificate of the link's site has expired or is not valid yet. Report this to the site's operator, or upload the photo itself.",
    ),
    "link_certificate_host": Message(
        "شهادة الأمان للموقع المذكور في الرابط صادرة لموقع آخر غير «{host}». صحّح اسم الموقع في الرابط، أو ارفع ملف الصورة نفسه.",
        "The security certificate of the link's site is not valid for \"{host}\". Correct the site's name in the link, or upload the photo itself.",
    ),
    "link_certificate_untrusted": Message(
        "تعذّر التحقق من شهادة الأمان للموقع المذكور في الرابط: إما أنها موقّعة ذاتيًا أو أن سلسلتها ناقصة. أبلغ مشغّل الموقع، أو ارفع ملف الصورة نفسه.",
        "The security certificate of the link's site cannot be verified: it is self-signed, or its chain is incomplete. Report this to the site's operator, or upload the photo itself.",
    ),
    "link_invalid_response": Message(
        "كان رد الموقع المذكور في الرابط ناقصًا أو غير سليم. أعد المحاولة لاحقًا، أو ارفع ملف الصورة نفسه.",
        "The response of the link's site was incomplete or invalid. Try again later, or upload the photo itself.",
    ),
    "link_status": Message(
        "أجاب الموقع المذكور في الرابط برمز الحالة {status} ولم يرسل الصورة. أعد المحاولة لاحقًا، أو ارفع ملف الصورة نفسه.",
        "The link's site responded with status {status} instead of the photo. Try again later, or upload the photo itself.",
    ),
    "link_denied": Message(
        "رفض الموقع المذكور في الرابط إرسال الملف (رمز الحالة {status}). قد يتطلب تسجيل الدخول أو يمنع البرامج والروابط المباشرة. ارفع ملف الصورة نفسه، أو أرسل رابطًا من موقع آخر.",
        "The link's site refused to send the file (status {status}). It may require signing in, or block programs and direct links. Upload the photo itself, or send a link to another site.",
    ),
    "link_not_found": Message(
        "لا يوجد ملف في هذا الرابط (رمز الحالة {status}). تحقق من الرابط، أو ارفع ملف الصورة نفسه.",
        "There is no file at this link (status {status}). Check the link, or upload the photo itself.",
    ),
    "link_is_page": Message(
        "يؤدي الرابط إلى صفحة ويب وليس إلى ملف صورة. أرسل رابط الملف نفسه: في صفحات المشاركة استخدم رابط التنزيل المباشر، أو ارفع ملف الصورة نفسه.",
        "The link leads to a web page, not to an image file. Link to the file itself: on a sharing page, use its direct download link. Or upload the photo itself.",
    ),
    "link_not_image": Message(
        "يؤدي الرابط إلى ملف من نوع آخر ({type}) وليس إلى صورة. أرسل رابط ملف الصورة، أو ارفعه.",
        "The link leads to a file of another type ({type}), not to an image. Link to the image file, or upload it.",
    ),
    "link_too_many_redirects": Message(
        "عدد مرات إعادة التوجيه في الرابط يتجاوز الحد الأقصى ({limit}). أرسل الرابط المباشر للصورة، أو ارفع ملف الصورة نفسه.",
        "The link redirects more than {limit} times. Send the photo's direct link, or upload the photo itself.",
    ),
    "link_content_encoding": Message(
        "أرسل الموقع المذكور في الرابط الملف مضغوطًا بطريقة غير مدعومة ({encoding}). أرسل رابطًا من موقع آخر، أو ارفع ملف الصورة نفسه.",
        "The link's site sent the file with an unsupported compression ({encoding}). Send a link to another site, or upload the photo itself.",
    ),
    "link_too_large": Message(
        "حجم الملف الذي يؤدي إليه الرابط أكبر من الحد المسموح به، وهو {limit:bytes}. أرسل رابط صورة أصغر.",
        "The link leads to a file larger than {limit:bytes}. Send a link to a smaller photo.",
    ),
    "link_timeout": Message(
        "استغرق تنزيل الصورة من الرابط أكثر من {limit:seconds}. أعد المحاولة لاحقًا، أو ارفع ملف الصورة نفسه.",
        "Downloading the photo from the link took more than {limit:seconds}. Try again later, or upload the photo itself.",
    ),
}
