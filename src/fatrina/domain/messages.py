"""The words of every refusal in Arabic and English, and the choice between the two."""

import re
from collections.abc import Iterator, Mapping, Sequence
from string import Formatter
from typing import Any, Literal, NamedTuple

from fatrina.domain.errors import FieldError, Params, ServiceError

Language = Literal["ar", "en"]


class Message(NamedTuple):
    """One refusal in both languages; `{name:unit}` stands for what was seen."""

    ar: str
    en: str


# By reason, in the order of `domain.errors`. Where the contract gives a text, it stands here to
# the letter: 401 and a full gallery are English in both languages, and one text ends in a space.
MESSAGES: dict[str, Message] = {
    # Who is asking
    "invalid_token": Message("The access token is invalid", "The access token is invalid"),
    "insufficient_scope": Message(
        "The access token should have access to one of those scopes: {scope}",
        "The access token should have access to one of those scopes: {scope}",
    ),
    "forbidden": Message(
        "لا يمكن لهذا التطبيق الوصول إلى المتجر حاليًّا. راجع صاحب المتجر.",
        "This app cannot reach the shop at the moment. Ask the shop's owner.",
    ),
    # What is asked for
    "not_found": Message(
        "المحتوى الذي تحاول الوصول اليه غير متوفر",
        "The content you are trying to access is no longer available",
    ),
    "method_not_allowed": Message(
        "هذا المسار لا يقبل طريقة الطلب هذه. استخدم إحدى الطرق المذكورة في ترويسة Allow.",
        "This path does not take this method. Use one of those that the Allow header names.",
    ),
    "range_not_satisfiable": Message(
        "النطاق المطلوب يقع خارج الملف. حجم الملف {size:bytes}.",
        "The range asked for lies outside the file, which has {size:bytes}.",
    ),
    # How it is asked
    "malformed_request": Message(
        "ما وصل ليس طلب HTTP سليمًا. أرسل طلبًا مكتوبًا وفق معيار HTTP/1.1.",
        "What arrived is not a sound HTTP request. Send one that follows HTTP/1.1.",
    ),
    "unsupported_content_type": Message(
        "لا يُقرأ جسم طلب نوع محتواه (Content-Type) «{type}». أرسل الصورة ملفًا في الحقل photo من طلب بصيغة multipart/form-data، أو أرسل رابطها بصيغة application/json أو application/x-www-form-urlencoded.",
        'A request body of Content-Type "{type}" is not read. Send the photo as the file field "photo" of a multipart/form-data request, or its link in application/json or application/x-www-form-urlencoded.',
    ),
    "body_is_photo": Message(
        "جسم الطلب هو الصورة نفسها وليس نموذجًا. أرسل الصورة ملفًا في الحقل photo من طلب بصيغة multipart/form-data.",
        'The request body is the photo itself and not a form. Send the photo as the file field "photo" of a multipart/form-data request.',
    ),
    "malformed_multipart": Message(
        "تعذّرت قراءة جسم الطلب المرسل بصيغة multipart/form-data ({problem}). دع مكتبة HTTP تُنشئه، وتأكد من أن الفاصل (boundary) فيه هو نفسه المذكور في ترويسة Content-Type.",
        "The multipart/form-data body cannot be read ({problem}). Let an HTTP library build it, with the boundary that the Content-Type header names.",
    ),
    "malformed_json": Message(
        "جسم الطلب ليس كائن JSON. أرسل كائن JSON واحدًا بترميز UTF-8 يحمل الحقول بأسمائها، على ألا تتداخل القيم فيه أكثر من 64 مستوى.",
        "The body is not a JSON object. Send one object in UTF-8 that holds the fields by name, nested at most 64 deep.",
    ),
    "malformed_form": Message(
        "تعذّرت قراءة حقول النموذج بترميز UTF-8. رمّز الأسماء والقيم بأسلوب percent-encoding من UTF-8، أو أرسل الطلب بصيغة multipart/form-data.",
        "The form's fields cannot be read as UTF-8. Percent-encode names and values from UTF-8, or send multipart/form-data.",
    ),
    "incomplete_body": Message(
        "انقطع الاتصال قبل وصول الطلب كاملًا. أعد إرساله.",
        "The connection ended before the whole request had arrived. Send it again.",
    ),
    "request_timeout": Message(
        "وصل الطلب ببطء شديد: لم يصل منه شيء طوال {seconds:seconds}، أو استغرق إرساله أطول من المسموح به. أعد إرساله عبر اتصال أسرع، أو أرسل صورة أصغر.",
        "The request came too slowly: nothing arrived for {seconds:seconds}, or the whole took longer than it may. Send it again over a faster connection, or send a smaller photo.",
    ),
    "payload_too_large": Message(
        "حجم الطلب أكبر من الحد المسموح به هنا، وهو {limit:bytes}. إن كانت فيه صورة فأرسلها ملفًا في طلب بصيغة multipart/form-data.",
        "The request is larger than the {limit:bytes} that are taken here. If it holds a photo, send that as a file of a multipart/form-data request.",
    ),
    # What a field holds
    "validation_failed": Message("alert.invalid_fields", "alert.invalid_fields"),
    "required": Message("حقل {field} مطلوب.", "The {field} field is required."),
    "required_without": Message(
        "حقل {field} مطلوب إذا لم يتوفّر {other}.",
        "The {field} field is required when {other} is not present.",
    ),
    "invalid_choice": Message(
        "قيمة حقل {field} غير معروفة. استخدم واحدة من هذه القيم: {known}.",
        "The {field} field has an unknown value. Use one of these: {known}.",
    ),
    "id_taken": Message(
        "الرقم {id} مستخدم من قبل. اختر رقمًا آخر أو احذف الحقل {field}.",
        "The id {id} is taken. Choose another one, or leave the {field} field out.",
    ),
    "token_taken": Message(
        "هذا الرمز السري مستخدم لمتجر آخر. اختر رمزًا غيره في حقل {field}.",
        "The {field} field holds a token of another merchant. Choose another token.",
    ),
    "invalid_seed": Message(
        "في بيانات المتجر المطلوب إنشاؤه خطأ: {problem}. أصلحه ثم أعد الإرسال.",
        "Something of what is to be sown is wrong: {problem}. Mend it and send it again.",
    ),
    "invalid_dump": Message(
        "تعذّرت استعادة النسخة، ولم يتغيّر شيء: {problem}",
        "The dump cannot be restored, and nothing was changed: {problem}",
    ),
    "header_not_allowed": Message(
        "لا يمكن إرسال الترويسة «{name}» المذكورة في حقل {field}. احذفها أو استخدم اسمًا آخر.",
        'The header "{name}" in the {field} field cannot be sent. Leave it out, or use another name.',
    ),
    "invalid_secret": Message(
        "تُرسل قيمة حقل {field} في ترويسة مع كل حدث، فلا تقبل إلا الحروف الإنجليزية والأرقام والرموز المطبوعة، من غير مسافة في أولها أو آخرها ومن غير أسطر جديدة.",
        "The {field} field is sent in a header with every event: use printable ASCII characters only, with no space at either end and no line break.",
    ),
    "too_many_headers": Message(
        "يقبل حقل {field} {limit} ترويسة على الأكثر. احذف بعضها.",
        "The {field} field takes {limit} headers at most. Leave some out.",
    ),
    "rule_not_supported": Message(
        "لا تُطبَّق هنا قواعد لاختيار الأحداث. اترك حقل {field} فارغًا واختر ما يهمك عند الاستقبال.",
        "Rules that choose events are not understood here. Leave the {field} field empty, and choose where you receive.",
    ),
    "too_many_subscriptions": Message(
        "لدى المتجر {limit} اشتراكًا، وهو الحد الأقصى. احذف واحدًا منها أولًا.",
        "The shop has {limit} subscriptions, which is the most. End one of them first.",
    ),
    "not_integer": Message(
        "يجب أن يكون حقل {field} عددًا صحيحًا", "The {field} field must be a whole number."
    ),
    "not_number": Message(
        "يجب على حقل {field} أن يكون رقماً", "The {field} field must be a number."
    ),
    "not_boolean": Message(
        "يجب أن تكون قيمة حقل {field} إما true أو false ",
        "The {field} field must be true or false.",
    ),
    "not_string": Message("يجب أن يكون حقل {field} نصًّا.", "The {field} field must be text."),
    "text_too_long": Message(
        "يجب أن لا يتجاوز طول النّص {field} {limit} حروفٍ/حرفًا",
        "The {field} field must not be longer than {limit} characters.",
    ),
    "control_character": Message(
        "يحتوي حقل {field} على حرف تحكّم غير مسموح به ({character}). احذفه ثم أعد الإرسال.",
        "The {field} field holds a control character ({character}). Take it out and send it again.",
    ),
    "invalid_encoding": Message(
        "نص حقل {field} ليس بالترميز المعلن عنه، وهو UTF-8 ما لم يُذكر غيره. أعد إرساله بترميز UTF-8.",
        "The text of the {field} field is not in its declared encoding, which is UTF-8 unless another is named. Send it again in UTF-8.",
    ),
    "unsupported_charset": Message(
        "ترميز نص حقل {field} ({charset}) غير مدعوم. أعد إرساله بترميز UTF-8.",
        "The text of the {field} field is in an encoding that is not supported ({charset}). Send it again in UTF-8.",
    ),
    "out_of_range": Message(
        "يجب أن تكون قيمة حقل {field} بين {low} و{high}",
        "The {field} field must be between {low} and {high}.",
    ),
    "not_list": Message("يجب أن يكون حقل {field} قائمة.", "The {field} field must be a list."),
    "list_too_long": Message(
        "يجب ألا يزيد عدد العناصر في حقل {field} على {limit}.",
        "The {field} field must not have more than {limit} items.",
    ),
    "not_object": Message(
        "يجب أن يكون حقل {field} كائنًا يحمل قيمًا بأسمائها.",
        "The {field} field must be an object that holds values by name.",
    ),
    "invalid_video_link": Message(
        "يجب أن يحمل حقل {field} رابط مقطع على يوتيوب، مثل https://youtu.be/…",
        "The {field} field must hold the link of a YouTube video, such as https://youtu.be/…",
    ),
    "sku_taken": Message(
        "رمز SKU «{sku}» مستخدم لمنتج آخر. اختر رمزًا غيره.",
        'The SKU "{sku}" belongs to another product. Choose another one.',
    ),
    "gallery_full": Message(
        "The maximum allowed images are {limit}", "The maximum allowed images are {limit}"
    ),
    # What is wrong with a photo
    "photo_empty": Message(
        "ملف الصورة فارغ. اختر الملف من جديد ثم أعد إرساله.",
        "The photo file is empty. Choose the file again and send it.",
    ),
    "multiple_photos": Message(
        "في الطلب أكثر من ملف صورة واحد، ولكل طلب صورة واحدة فقط. أرسل كل صورة في طلب مستقل.",
        "The request has more than one photo file; a request takes one image. Send each photo in a request of its own.",
    ),
    "photo_encoded": Message(
        "يحتوي حقل {field} على صورة مكتوبة نصًّا بترميز base64. أرسل الصورة ملفًا في طلب بصيغة multipart/form-data، أو أرسل رابطها.",
        "The {field} field holds a photo as base64 text. Send the photo as a file of a multipart/form-data request, or send its link.",
    ),
    "image_is_video": Message(
        "هذا العنصر مقطع فيديو، ولا يمكن أن تحلّ صورة محلّه. احذفه ثم أضف الصورة إلى المنتج.",
        "This is a video, which a photo cannot replace. Delete it and attach the photo to the product.",
    ),
    "photo_too_large": Message(
        "يجب أن لا يتجاوز حجم الملف {field} {limit:kilobytes} كيلوبايت",
        "The {field} file must not be larger than {limit:kilobytes} kilobytes.",
    ),
    "photo_not_an_image": Message(
        "يجب أن يكون حقل {field} صورةً من نوع JPEG أو PNG أو WebP أو GIF أو AVIF.",
        "The {field} field must be a picture: JPEG, PNG, WebP, GIF or AVIF.",
    ),
    "photo_unsupported": Message(
        "نوع هذا الملف ({kind}) غير مقبول. احفظ الصورة بصيغة JPEG أو PNG أو WebP أو GIF أو AVIF ثم أعد إرسالها.",
        "Files of this kind ({kind}) are not taken. Save the picture as JPEG, PNG, WebP, GIF or AVIF and send it again.",
    ),
    "photo_coding_unsupported": Message(
        "ترميز هذه الصورة ({coding}) غير مدعوم، ولا تعرضه المتصفحات. احفظ الصورة بصيغة JPEG عادية (8 بت) أو PNG ثم أعد إرسالها.",
        "The coding of this photo ({coding}) is not supported, and browsers do not show it. Save the photo as an ordinary 8-bit JPEG or as PNG and send it again.",
    ),
    "photo_heic_unavailable": Message(
        "لا تقبل هذه الخدمة صور HEIC. احفظ الصورة بصيغة JPEG ثم أعد إرسالها.",
        "HEIC photos cannot be read here. Save the photo as JPEG and send it again.",
    ),
    "photo_too_many_pixels": Message(
        "عرض الصورة {width:,} بكسل وارتفاعها {height:,} بكسل ({pixels:megapixels} ميغابكسل)، والحد الأقصى {limit:megapixels} ميغابكسل. صغّر أبعادها ثم أعد إرسالها.",
        "The photo is {width:,} × {height:,} pixels ({pixels:megapixels} megapixels); at most {limit:megapixels} megapixels are taken. Make it smaller and send it again.",
    ),
    "photo_avif_too_many_pixels": Message(
        "عرض الصورة {width:,} بكسل وارتفاعها {height:,} بكسل ({pixels:megapixels} ميغابكسل)، والحد الأقصى لصورة AVIF بعمق {bits} بت وعيّنات ألوان {kind} هو {limit:megapixels} ميغابكسل. صغّر أبعادها أو احفظها بصيغة JPEG ثم أعد إرسالها.",
        "The photo is {width:,} × {height:,} pixels ({pixels:megapixels} megapixels); an AVIF of {bits} bits with {kind} samples may have {limit:megapixels} megapixels at most. Make it smaller or save it as JPEG, and send it again.",
    ),
    "photo_side_too_long": Message(
        "عرض الصورة {width:,} بكسل وارتفاعها {height:,} بكسل، والحد الأقصى لكل منهما {limit:,} بكسل. صغّر أبعادها ثم أعد إرسالها.",
        "The photo is {width:,} × {height:,} pixels; neither side may be longer than {limit:,} pixels. Make it smaller and send it again.",
    ),
    "photo_too_many_frames": Message(
        "عدد إطارات الصورة المتحركة {frames:,}، والحد الأقصى {limit:,}. قلّل إطاراتها ثم أعد إرسالها.",
        "The animation has {frames:,} frames; at most {limit:,} are taken. Shorten it and send it again.",
    ),
    "photo_too_many_scans": Message(
        "عدد مراحل العرض التدريجي في ملف JPEG هذا يتجاوز {limit:,}، وهو ما لا تكتبه برامج الصور المعتادة. احفظ الصورة من جديد بصيغة JPEG عادية ثم أعد إرسالها.",
        "This JPEG is written in more than {limit:,} progressive scans, far more than photo programs write. Save it again as an ordinary JPEG and send it.",
    ),
    "photo_damaged": Message(
        "الصورة تالفة أو وصلت ناقصة. افتحها للتأكد من سلامتها، واحفظها من جديد ثم أعد إرسالها.",
        "The photo is damaged or was cut short. Open it to see whether it is whole, save it again and send it.",
    ),
    "photo_timeout": Message(
        "استغرقت قراءة الصورة أكثر من {limit:seconds}. صغّر أبعادها أو احفظها من جديد بصيغة JPEG ثم أعد إرسالها.",
        "Reading the photo took more than {limit:seconds}. Make it smaller or save it as an ordinary JPEG, and send it again.",
    ),
    "photo_memory_exceeded": Message(
        "تحتاج قراءة الصورة إلى ذاكرة تزيد على {limit:bytes}. صغّر أبعادها أو احفظها من جديد بصيغة JPEG ثم أعد إرسالها.",
        "Reading the photo takes more than {limit:bytes} of memory. Make it smaller or save it as an ordinary JPEG, and send it again.",
    ),
    "photo_crashed_decoder": Message(
        "تعذّرت قراءة هذه الصورة. افتحها في برنامج لتحرير الصور واحفظها من جديد بصيغة JPEG أو PNG ثم أعد إرسالها.",
        "This photo cannot be read. Open it in a photo editor, save it anew as JPEG or PNG and send that.",
    ),
    # What is wrong with a link
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
        "The link holds a user name or a password. Send one without them that anyone can open.",
    ),
    "link_port_not_allowed": Message(
        "يحدد الرابط المنفذ {port}، ولا يُقبل إلا المنفذان 80 و443. أرسل رابطًا بلا رقم منفذ، أو ارفع ملف الصورة نفسه.",
        "The link names port {port}; only 80 and 443 are followed. Send a link without a port, or upload the photo itself.",
    ),
    "link_address_not_allowed": Message(
        "لا يؤدي الرابط إلى عنوان عام على الإنترنت. ضع الصورة في موقع متاح للجميع، أو ارفع ملف الصورة نفسه.",
        "The link does not lead to a public address. Put the photo where anyone can open it, or upload the photo itself.",
    ),
    "link_unresolved": Message(
        "تعذّر العثور على الموقع المذكور في الرابط. تأكد من صحة كتابته، أو ارفع ملف الصورة نفسه.",
        "The site that the link names cannot be found. Check its spelling, or upload the photo itself.",
    ),
    "link_unreachable": Message(
        "رفض خادم الموقع المذكور في الرابط الاتصال أو قطعه. أعد المحاولة لاحقًا، أو ارفع ملف الصورة نفسه.",
        "The server that the link names refused or closed the connection. Try again later, or upload the photo itself.",
    ),
    "link_tls": Message(
        "تعذّر إنشاء اتصال آمن (HTTPS) بالموقع المذكور في الرابط. أبلغ مشغّل الموقع، أو ارفع ملف الصورة نفسه.",
        "No secure connection (HTTPS) to the link's site could be established. Report this to the site's operator, or upload the photo itself.",
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
        "The response of the link's site was incomplete or not valid. Try again later, or upload the photo itself.",
    ),
    "link_status": Message(
        "أجاب الموقع المذكور في الرابط برمز الحالة {status} ولم يرسل الصورة. أعد المحاولة لاحقًا، أو ارفع ملف الصورة نفسه.",
        "The link's site answered with status {status} and no photo. Try again later, or upload the photo itself.",
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
        "The link redirects more often than is followed ({limit}). Send the photo's direct link, or upload the photo itself.",
    ),
    "link_content_encoding": Message(
        "أرسل الموقع المذكور في الرابط الملف مضغوطًا بطريقة غير مدعومة ({encoding}). أرسل رابطًا من موقع آخر، أو ارفع ملف الصورة نفسه.",
        "The link's site sent the file with a compression that is not supported ({encoding}). Send a link to another site, or upload the photo itself.",
    ),
    "link_too_large": Message(
        "حجم الملف الذي يؤدي إليه الرابط أكبر من الحد المسموح به، وهو {limit:bytes}. أرسل رابط صورة أصغر.",
        "The link leads to a file larger than {limit:bytes}. Send a link to a smaller photo.",
    ),
    "link_timeout": Message(
        "استغرق تنزيل الصورة من الرابط أكثر من {limit:seconds}. أعد المحاولة لاحقًا، أو ارفع ملف الصورة نفسه.",
        "Fetching the photo from the link took more than {limit:seconds}. Try again later, or upload the photo itself.",
    ),
    "client_gone": Message(
        "أغلق البرنامج الاتصال قبل بدء تنفيذ الطلب.",
        "The client closed the connection before the request was executed.",
    ),
    # How often it is asked
    "too_many_requests": Message(
        "تجاوز المتجر عدد الطلبات المسموح به في خطته ({limit}). أعد المحاولة بعد {retry:seconds}.",
        "The shop has used up the {limit} requests of its plan. Try again in {retry:seconds}.",
    ),
    "too_many_guesses": Message(
        "وصلت رموز سرية خاطئة كثيرة في وقت قصير. أعد المحاولة بعد {retry:seconds} بالرمز الصحيح.",
        "Too many wrong secrets arrived in a short time. Try again in {retry:seconds} with the right one.",
    ),
    # What is wrong with us
    "busy": Message(
        "صور كثيرة في انتظار المعالجة الآن. أعد المحاولة بعد {retry:seconds}.",
        "Too many photos are waiting at the moment. Try again in {retry:seconds}.",
    ),
    "decoder_failed": Message(
        "توقفت معالجة الصورة لسبب لا علاقة له بالصورة نفسها. أعد المحاولة بعد {retry:seconds}.",
        "Work on the photo stopped through no fault of the photo. Try again in {retry:seconds}.",
    ),
    "storage_unavailable": Message(
        "مكان حفظ الصور لا يستجيب حاليًّا. أعد المحاولة بعد دقيقة.",
        "The place where photos are kept does not answer at the moment. Try again in a minute.",
    ),
    "database_unavailable": Message(
        "قاعدة البيانات لا تستجيب حاليًّا. أعد المحاولة بعد دقيقة.",
        "The database does not answer at the moment. Try again in a minute.",
    ),
    "housekeeping_busy": Message(
        "تجري الآن عملية أخرى على بيانات الخدمة كلها ({operation}). أعد المحاولة بعد انتهائها.",
        "Another operation on all of the service's data is in progress ({operation}). Try again when it has ended.",
    ),
    "clock_uncertain": Message(
        "حُذف لا شيء: انتهت مدة حفظ {count} من الصور بحسب ساعة الجهاز، لكن لم يُسجَّل شيء منذ {days} يومًا، فقد تكون الساعة متقدمة. تحقق من الساعة، ثم استخدم --trust-clock إن كانت صحيحة.",
        "Nothing was deleted: by this machine's clock {count} pictures are past their time, but nothing was recorded for {days} days, so the clock may be ahead. Check the clock; if it is right, use --trust-clock.",
    ),
    "stopping": Message(
        "تتوقف الخدمة الآن لإعادة تشغيلها. أعد إرسال الطلب بعد قليل.",
        "The service is stopping. Send the request again in a moment.",
    ),
    "storage_full": Message(
        "لم تبق مساحة لحفظ الصورة. لن تنجح إعادة المحاولة قبل أن يوفّر مشغّل الخدمة مساحة إضافية.",
        "There is no space left to keep the photo. Trying again will not help before the service's operator has made room.",
    ),
    "internal_error": Message(
        "حدث خطأ في الخدمة نفسها. أعد المحاولة بعد دقيقة، وإن تكرر الخطأ فأبلغ مشغّل الخدمة برقم الطلب.",
        "Something went wrong on our side. Try again in a minute; if it happens again, tell the service's operator the request's id.",
    ),
}


def render(error: ServiceError, language: Language) -> str:
    """Say a refusal in words, with what was seen shown as people read it."""
    words = MESSAGES[error.reason]
    text = words.ar if language == "ar" else words.en
    return _ParamFormatter(language).vformat(text, (), _values(error))


def language(accept: str | None) -> Language:
    """Choose by an Accept-Language header (RFC 9110, 12.5.4): Arabic unless English is preferred.

    Of equal weights the one named first wins; a language that is not named is better than one
    that is refused with `q=0`; what cannot be read is passed over.
    """
    weights: dict[str, float] = {}
    for tag, weight in _ranges(accept or ""):
        weights[tag] = max(weight, weights.get(tag, 0))
    spoken: dict[str, Language] = {"ar": "ar", "en": "en"}
    wanted = [spoken[tag] for tag in weights if tag in spoken and weights[tag]]
    others = weights.get("*", _UNNAMED)
    return max(*wanted, "ar", "en", key=lambda one: weights.get(one, others))


# Below the least weight that can be written, 0.001.
_UNNAMED = 0.0001
_WEIGHT = re.compile(r"(?:q=([01](?:\.[0-9]{0,9})?))?", re.IGNORECASE)
# Browsers send about a hundred characters; nobody's preference begins after the five hundredth.
_LONGEST = 500


def _ranges(accept: str) -> Iterator[tuple[str, float]]:
    if len(accept) > _LONGEST:
        accept = accept[:_LONGEST].rpartition(",")[0]
    for item in accept.split(","):
        tag, _, weight = item.partition(";")
        if found := _WEIGHT.fullmatch("".join(weight.split())):
            yield re.split("[-_]", tag.strip().lower())[0], min(1, float(found[1] or 1))


def _values(error: ServiceError) -> dict[str, Params]:
    values = dict(error.params)
    if isinstance(error, FieldError):
        values["field"] = error.field.replace("_", " ")
    if isinstance(other := values.get("other"), str):
        values["other"] = other.replace("_", " ")
    width, height = values.get("width"), values.get("height")
    if isinstance(width, int) and isinstance(height, int):
        # Up to the next tenth of a megapixel, lest one pixel too many read as the limit itself.
        values["pixels"] = -(-width * height // 100_000) * 100_000
    return values


class _ParamFormatter(Formatter):
    """Formats values for people; one that a leaf forgot is a question mark, never a fault."""

    def __init__(self, language: Language) -> None:
        self.language = language

    def get_value(self, key: int | str, _: Sequence[Any], kwargs: Mapping[str, Any]) -> Params:
        value: Params = kwargs.get(str(key), "?")
        return value

    def format_field(self, value: Params, format_spec: str) -> str:
        if isinstance(value, str):
            return _plain(value)
        unit = _UNITS.get(format_spec)
        return unit(value, self.language) if unit else _number(value, format_spec)


_QUOTED = 100


def _plain(text: str) -> str:
    """What others sent, fit to be shown: short, and without controls or lone surrogates."""
    shown = "".join(one if one.isprintable() else " " for one in text[: _QUOTED + 1])
    return shown if len(shown) <= _QUOTED else shown[:_QUOTED] + "…"


def _number(value: float, separator: str = ",") -> str:
    return format(value, separator if isinstance(value, int) else f"{separator}.12g")


_KILO, _MEGA = 1_000, 1_000_000
_SIZES = ((_MEGA, Message("ميغابايت", "MB")), (_KILO, Message("كيلوبايت", "kB")))


# Sizes are rounded down: a limit never promises more than is taken.
def _bytes(value: float, language: Language) -> str:
    for scale, unit in _SIZES:
        if value >= scale:
            return f"{_number(value * 10 // scale / 10)} {getattr(unit, language)}"
    return f"{_number(value)} {'بايت' if language == 'ar' else 'bytes'}"


def _kilobytes(value: float, _: Language) -> str:
    return _number(value // _KILO, "")


def _megapixels(value: float, _: Language) -> str:
    return _number(value * 10 // _MEGA / 10 if value >= _MEGA else value / _MEGA)


_FEW: dict[float, str] = {1: "ثانية واحدة", 2: "ثانيتين"}


def _seconds(value: float, language: Language) -> str:
    if language == "en":
        return f"{_number(value)} {'second' if value == 1 else 'seconds'}"
    if value in _FEW:
        return _FEW[value]
    # Arabic counts 3 to 10, and again 103 to 110, in the plural, and the rest in the singular.
    return f"{_number(value)} {'ثوانٍ' if value % 100 in range(3, 11) else 'ثانية'}"


_UNITS = {
    "bytes": _bytes,
    "kilobytes": _kilobytes,
    "megapixels": _megapixels,
    "seconds": _seconds,
}
