"""Texts for errors of the request as a whole."""

from typing import Final

from fatrina.domain.messages.message import Message

MESSAGES: Final[dict[str, Message]] = {
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
    "client_gone": Message(
        "أغلق البرنامج الاتصال قبل بدء تنفيذ الطلب.",
        "The client closed the connection before the request was executed.",
    ),
    "too_many_requests": Message(
        "تجاوز المتجر عدد الطلبات المسموح به في خطته ({limit}). أعد المحاولة بعد {retry:seconds}.",
        "The shop has used up the {limit} requests of its plan. Try again in {retry:seconds}.",
    ),
    "too_many_guesses": Message(
        "وصلت رموز سرية خاطئة كثيرة في وقت قصير. أعد المحاولة بعد {retry:seconds} بالرمز الصحيح.",
        "Too many wrong secrets arrived in a short time. Try again in {retry:seconds} with the right one.",
    ),
}
