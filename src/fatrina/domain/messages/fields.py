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
}
