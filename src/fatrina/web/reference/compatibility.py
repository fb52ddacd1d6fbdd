"""How each part of the contract is known: the table for the page, the documents and tests."""

from typing import Final, Literal, NamedTuple

Confidence = Literal["documented", "observed", "assumed"]
Kind = Literal["endpoint", "field", "answer", "status", "header"]


class LocalizedText(NamedTuple):
    """A text in both languages."""

    en: str
    ar: str


class ContractItem(NamedTuple):
    """A part of the contract and how it is known."""

    kind: Kind
    subjects: tuple[str, ...]
    confidence: Confidence
    note: LocalizedText | None = None


KINDS: Final[dict[Kind, LocalizedText]] = {
    "endpoint": LocalizedText("Calls", "النداءات"),
    "field": LocalizedText("Fields that are sent", "الحقول المرسلة"),
    "answer": LocalizedText("Fields of answers", "حقول الردود"),
    "status": LocalizedText("HTTP statuses", "رموز الحالة"),
    "header": LocalizedText("Headers of answers", "ترويسات الردود"),
}
CONFIDENCE: Final[dict[Confidence, LocalizedText]] = {
    "documented": LocalizedText("documented", "موثّق"),
    "observed": LocalizedText("seen in clients", "ملحوظ في البرامج"),
    "assumed": LocalizedText("assumed", "مفترض"),
}


def _split(text: str) -> tuple[str, ...]:
    return tuple(text.split())


TABLE: Final = (
    ContractItem(
        "endpoint",
        _split("update_image attach_image attach_image_by_sku delete_image"),
        "documented",
        LocalizedText(
            "By SKU answers HTTP 200 with 201 in the body; Delete answers 202.",
            "يرد الإرفاق عبر SKU بالحالة 200 وفي الجسم 201، ويرد الحذف بالحالة 202.",
        ),
    ),
    ContractItem("endpoint", _split("attach_video attach_video_by_sku"), "documented"),
    ContractItem(
        "endpoint",
        _split(
            "create_product list_products product_details product_details_by_sku "
            "update_product delete_product"
        ),
        "documented",
        LocalizedText(
            "As far as images need them; 201 for the update and 202 for the deletion are assumed.",
            "بقدر ما تحتاجه الصور؛ والحالتان 201 للتعديل و202 للحذف مفترضتان.",
        ),
    ),
    ContractItem(
        "endpoint",
        _split("subscribe update_subscription list_subscriptions list_events unsubscribe"),
        "documented",
        LocalizedText(
            "Their paths; statuses, answers and scopes are assumed.",
            "المسارات موثّقة، أما الحالات والردود والصلاحيات فمفترضة.",
        ),
    ),
    ContractItem("field", _split("photo default sort alt"), "documented"),
    ContractItem("field", _split("main original"), "documented"),
    ContractItem(
        "field",
        _split("video_url"),
        "documented",
        LocalizedText(
            "YouTube links alone; others are refused.", "روابط YouTube وحدها، ويُرفض ما سواها."
        ),
    ),
    ContractItem("field", _split("name sku images"), "documented"),
    ContractItem("field", _split("page per_page keyword format"), "documented"),
    ContractItem(
        "field",
        _split("event url headers secret security_strategy version id"),
        "assumed",
        LocalizedText(
            "Of a subscription; the strategies and what they send are documented.",
            "حقول الاشتراك؛ أما استراتيجيات التحقق وما ترسله فموثّقة.",
        ),
    ),
    ContractItem("answer", _split("status success data pagination"), "documented"),
    ContractItem(
        "answer",
        _split("id image sort default alt_seo video_url type"),
        "documented",
        LocalizedText(
            "In this order, every key always there.", "بهذا الترتيب، وكل مفتاح حاضر دائمًا."
        ),
    ),
    ContractItem(
        "answer",
        _split("original standard_resolution low_resolution thumbnail url width height"),
        "documented",
        LocalizedText(
            "The sizes follow the documented figures to the last bit, but a small photo is never "
            "enlarged, and the original has its real size instead of 0 by 0.",
            "تتبع المقاسات الأرقام الموثّقة بدقة، لكن الصورة الصغيرة لا تُكبَّر، وللأصل مقاسه "
            "الحقيقي بدل صفر في صفر.",
        ),
    ),
    ContractItem(
        "answer", _split("main three_d_image_url alt main_image images name sku"), "documented"
    ),
    ContractItem("answer", _split("message code"), "documented"),
    ContractItem("answer", _split("event label rule"), "assumed"),
    ContractItem("answer", _split("version headers key value security_strategy secret"), "assumed"),
    ContractItem(
        "answer",
        _split("count total perPage currentPage totalPages links next previous"),
        "documented",
    ),
    ContractItem("status", _split("200 201 202 401 404 422"), "documented"),
    ContractItem(
        "status",
        _split("400 405 429 500 503"),
        "documented",
        LocalizedText(
            "The codes are documented; of 429 no body is.",
            "الرموز موثّقة، أما جسم الرد 429 فلا.",
        ),
    ),
    ContractItem(
        "status",
        _split("408 413 507"),
        "assumed",
        LocalizedText("Where the contract is silent.", "فيما سكت عنه التوثيق."),
    ),
    ContractItem(
        "header",
        _split("x-ratelimit-limit x-ratelimit-remaining x-ratelimit-reset retry-after"),
        "documented",
    ),
    ContractItem("header", _split("content-type"), "observed"),
    ContractItem(
        "header",
        _split("x-request-id fatrina-reason content-language cache-control www-authenticate"),
        "assumed",
        LocalizedText("Fatrina's own, beside the contract.", "من فترينة، إضافة إلى الواجهة."),
    ),
)
"""The complete contract. Tests compare it with the service in both directions."""


def report_sections(
    language: Literal["en", "ar"] = "en",
) -> list[tuple[str, list[tuple[str, str, str]]]]:
    """Return a title and rows (subjects, confidence, note) for each kind of item."""
    return [
        (
            getattr(title, language),
            [
                (
                    " · ".join(entry.subjects),
                    getattr(CONFIDENCE[entry.confidence], language),
                    getattr(entry.note, language) if entry.note else "",
                )
                for entry in TABLE
                if entry.kind == kind
            ],
        )
        for kind, title in KINDS.items()
    ]
