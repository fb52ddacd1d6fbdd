"""Texts for errors of a request's fields."""

from typing import Final

from fatrina.domain.messages.message import Message

MESSAGES: Final[dict[str, Message]] = {
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
    "unknown_field": Message(
        "الحقل {field} غير معروف هنا. الحقول المعروفة هي: {known}.",
        "The field {field} is not known here. The known fields are: {known}.",
    ),
    "id_taken": Message(
        "المعرّف {id} مستخدم من قبل. اختر معرّفًا آخر أو احذف الحقل {field}.",
        "The id {id} is already in use. Choose another id, or omit the {field} field.",
    ),
    "token_taken": Message(
        "رمز الوصول في حقل {field} مستخدم لمتجر آخر. اختر رمز وصول غيره.",
        "The access token in the {field} field belongs to another store. Choose another token.",
    ),
    "invalid_seed": Message(
        "بيانات المتجر المطلوب إنشاؤه غير صالحة: {problem}. صحّحها ثم أعد الإرسال.",
        "The seed data is invalid: {problem}. Fix it and try again.",
    ),
    "invalid_dump": Message(
        "تعذّرت استعادة النسخة الاحتياطية، ولم يتغيّر شيء: {problem}",
        "The dump cannot be restored; nothing was changed: {problem}",
    ),
    "header_not_allowed": Message(
        "لا يمكن إرسال الترويسة «{name}» المذكورة في حقل {field}. احذفها أو استخدم اسمًا آخر.",
        'The header "{name}" in the {field} field is not allowed. Remove it, or use another name.',
    ),
    "invalid_secret": Message(
        "تُرسل قيمة حقل {field} في ترويسة مع كل حدث، فلا تقبل إلا الحروف الإنجليزية والأرقام والرموز المطبوعة، من غير مسافة في أولها أو آخرها ومن غير أسطر جديدة.",
        "The {field} field is sent in a header with every event: use printable ASCII characters only, without spaces at either end and without line breaks.",
    ),
    "too_many_headers": Message(
        "يقبل حقل {field} {limit} ترويسة على الأكثر. احذف بعضها.",
        "The {field} field has more than {limit} headers. Remove some of them.",
    ),
    "rule_not_supported": Message(
        "لا تدعم الخدمة قواعد اختيار الأحداث. اترك حقل {field} فارغًا واختر الأحداث التي تهمك عند استقبالها.",
        "Rules that filter events are not supported. Leave the {field} field empty, and filter the events when you receive them.",
    ),
    "too_many_subscriptions": Message(
        "لدى المتجر {limit} اشتراك، وهو الحد الأقصى. احذف أحد الاشتراكات أولًا.",
        "The store has {limit} subscriptions, which is the maximum. Delete one of them first.",
    ),
    "not_integer": Message(
        "يجب أن يكون حقل {field} عددًا صحيحًا",
        "The {field} field must be a whole number.",
    ),
    "not_number": Message(
        "يجب على حقل {field} أن يكون رقماً",
        "The {field} field must be a number.",
    ),
    "not_boolean": Message(
        "يجب أن تكون قيمة حقل {field} إما true أو false ",
        "The {field} field must be true or false.",
    ),
    "not_string": Message(
        "يجب أن يكون حقل {field} نصًّا.",
        "The {field} field must be text.",
    ),
    "text_too_long": Message(
        "يجب أن لا يتجاوز طول النّص {field} {limit} حروفٍ/حرفًا",
        "The {field} field must not be longer than {limit} characters.",
    ),
    "control_character": Message(
        "يحتوي حقل {field} على حرف تحكّم غير مسموح به ({character}). احذفه ثم أعد الإرسال.",
        "The {field} field contains a control character ({character}). Remove it and send the request again.",
    ),
    "invalid_encoding": Message(
        "نص حقل {field} ليس بالترميز المعلن عنه، وهو UTF-8 ما لم يُذكر غيره. أعد إرساله بترميز UTF-8.",
        "The text of the {field} field is not valid in its declared encoding, which is UTF-8 by default. Send it again in UTF-8.",
    ),
    "unsupported_charset": Message(
        "ترميز نص حقل {field} ({charset}) غير مدعوم. أعد إرساله بترميز UTF-8.",
        "The encoding of the {field} field ({charset}) is not supported. Send it again in UTF-8.",
    ),
    "out_of_range": Message(
        "يجب أن تكون قيمة حقل {field} بين {low} و{high}",
        "The {field} field must be between {low} and {high}.",
    ),
    "not_list": Message(
        "يجب أن يكون حقل {field} قائمة.",
        "The {field} field must be a list.",
    ),
    "list_too_long": Message(
        "يجب ألا يزيد عدد العناصر في حقل {field} على {limit}.",
        "The {field} field must not have more than {limit} items.",
    ),
    "nested_too_deeply": Message(
        "يجب ألا يتجاوز تداخل القوائم والكائنات في حقل {field} {limit} مستويات.",
        "The {field} field must not have more than {limit} levels of lists and objects.",
    ),
    "details_too_large": Message(
        "يجب ألا يتجاوز حجم حقول المنتج كلها {limit} بايت. اختصر الوصف أو الخيارات.",
        "All fields of a product together must not exceed {limit} bytes. Shorten its description "
        "or options.",
    ),
    "not_object": Message(
        "يجب أن يكون حقل {field} كائنًا يحمل قيمًا بأسمائها.",
        "The {field} field must be an object with named values.",
    ),
    "invalid_video_link": Message(
        "يجب أن يحتوي حقل {field} على رابط مقطع في يوتيوب، مثل https://youtu.be/…",
        "The {field} field must contain the link of a YouTube video, such as https://youtu.be/…",
    ),
    "sku_taken": Message(
        "رمز SKU «{sku}» مستخدم لمنتج آخر. اختر رمز SKU غيره.",
        'The SKU "{sku}" belongs to another product. Choose another SKU.',
    ),
    "invalid_idempotency_key": Message(
        "يجب أن تحتوي الترويسة {field} على مفتاح واحد من 1 إلى 255 حرفًا مرئيًّا من ASCII. أنشئ مفتاحًا عشوائيًّا لكل عملية، مثل UUID.",
        "The {field} header must contain one key of 1 to 255 visible ASCII characters. Create a random key for each operation, such as a UUID.",
    ),
    "idempotency_mismatch": Message(
        "استُخدم هذا المفتاح ({field}) لطلب آخر، فلم يُنفَّذ هذا الطلب. أرسل مفتاحًا جديدًا، أو كرّر الطلب الأول كما كان.",
        "This {field} was used for a different request, so this one was not executed. Send a new key, or repeat the first request unchanged.",
    ),
    "invalid_order": Message(
        "يجب أن يحتوي حقل {field} على معرّفات صور المنتج كلها، كل معرّف مرة واحدة: {expected}",
        "The {field} field must contain the ids of all images of the product, each once: {expected}",
    ),
    "gallery_full": Message(
        "The maximum allowed images are {limit}",
        "The maximum allowed images are {limit}",
    ),
}
