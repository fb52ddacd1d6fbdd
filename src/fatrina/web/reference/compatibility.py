"""How each part of the contract is known: the table for the page, the documents and tests."""

from typing import Final, Literal, NamedTuple

Confidence = Literal["documented", "observed", "assumed", "extension"]
Kind = Literal["endpoint", "field", "response", "status", "header"]


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
    "endpoint": LocalizedText("Requests", "الطلبات"),
    "field": LocalizedText("Request fields", "الحقول المرسلة"),
    "response": LocalizedText("Response fields", "حقول الردود"),
    "status": LocalizedText("HTTP statuses", "رموز الحالة"),
    "header": LocalizedText("Response headers", "ترويسات الردود"),
}
CONFIDENCE: Final[dict[Confidence, LocalizedText]] = {
    "documented": LocalizedText("documented", "موثّق"),
    "observed": LocalizedText("observed in published apps", "لوحظ في تطبيقات منشورة"),
    "assumed": LocalizedText("assumed", "مفترض"),
    "extension": LocalizedText(
        "extension, not part of the contract", "إضافة من فترينة، ليست من الواجهة الموثّقة"
    ),
}


def _split(text: str) -> tuple[str, ...]:
    return tuple(text.split())


TABLE: Final = (
    ContractItem(
        "endpoint",
        _split("update_image attach_image attach_image_by_sku delete_image"),
        "documented",
        LocalizedText(
            "Attaching by SKU returns HTTP 200 with 201 in the body; deletion returns 202.",
            "يرد الإرفاق برمز SKU بالحالة 200 وفي جسم الرد 201، ويرد الحذف بالحالة 202.",
        ),
    ),
    ContractItem("endpoint", _split("attach_video attach_video_by_sku"), "documented"),
    ContractItem(
        "endpoint",
        _split(
            "create_product list_products product_details product_details_by_sku "
            "update_product update_product_by_sku delete_product delete_product_by_sku "
            "change_product_status"
        ),
        "documented",
        LocalizedText(
            "Fields are stored and returned without the rules of the real store: only a name is "
            "required, prices include no tax, and nothing is sold.",
            "تُحفظ الحقول وتُعاد دون قواعد المتجر الحقيقي: الاسم وحده إلزامي، والأسعار بلا ضريبة، "
            "ولا يُباع شيء.",
        ),
    ),
    ContractItem(
        "endpoint",
        _split("subscribe update_subscription list_subscriptions list_events unsubscribe"),
        "documented",
        LocalizedText(
            "Paths, responses and scopes are documented; the statuses are assumed. Tokens with the "
            "scopes of products are accepted too. Subscribing a URL to the same event again "
            "updates the subscription.",
            "المسارات والردود والصلاحيات موثّقة، أما رموز الحالة فمفترضة. وتُقبل كذلك رموز "
            "الوصول التي لها صلاحيات المنتجات. والاشتراك ثانيةً بالرابط نفسه في الحدث نفسه "
            "يعدّل الاشتراك.",
        ),
    ),
    ContractItem(
        "endpoint",
        _split("store_info"),
        "documented",
        LocalizedText(
            "The details can be set for each merchant; others have placeholders.",
            "تُضبط بيانات كل متجر، وما لم يُضبط منها له قيمة بديلة.",
        ),
    ),
    ContractItem(
        "endpoint",
        _split(
            "image_details list_versions restore_version restore_image list_deleted_images "
            "image_log show_order order_images"
        ),
        "extension",
    ),
    ContractItem(
        "field",
        _split("photo"),
        "documented",
        LocalizedText(
            "Updates of alt, sort or default alone are accepted, as observed in published apps; "
            "the documentation requires a photo, and so does FATRINA_PHOTO_REQUIRED.",
            "يُقبل تعديل alt أو sort أو default وحده كما لوحظ في تطبيقات منشورة؛ أما التوثيق فيشترط "
            "الصورة، ويشترطها كذلك الإعداد FATRINA_PHOTO_REQUIRED.",
        ),
    ),
    ContractItem("field", _split("default sort"), "documented"),
    ContractItem(
        "field",
        _split("alt"),
        "documented",
        LocalizedText(
            "The limit of 70 characters was observed in a published app; FATRINA_ALT_LENGTH "
            "changes it.",
            "لوحظ الحد البالغ 70 حرفًا في تطبيق منشور، ويغيّره الإعداد FATRINA_ALT_LENGTH.",
        ),
    ),
    ContractItem("field", _split("restore reason"), "extension"),
    ContractItem("field", _split("main original"), "documented"),
    ContractItem(
        "field",
        _split("video_url"),
        "documented",
        LocalizedText(
            "YouTube links only; others are rejected.", "روابط يوتيوب فقط، ويُرفض ما سواها."
        ),
    ),
    ContractItem("field", _split("name sku images"), "documented"),
    ContractItem(
        "field",
        _split(
            "price status product_type quantity unlimited_quantity description categories "
            "min_amount_donating max_amount_donating sale_price cost_price sale_end sale_start "
            "require_shipping maximum_quantity_per_order weight weight_type mpn gtin calories "
            "with_tax tax_reason_code hide_quantity enable_upload_image enable_note pinned "
            "active_advance subtitle promotion_title promotion_subtitle metadata_title "
            "metadata_description metadata_url scoped_prices brand_id tags consisted_products "
            "channels options booking_details"
        ),
        "documented",
        LocalizedText(
            "Categories, tags and the brand can have names as well as ids. Fields that are not "
            "used, among them video, videos and show_in_web, are listed in Fatrina-Ignored.",
            "يمكن أن تحمل التصنيفات والوسوم والماركة أسماء مع المعرّفات. والحقول غير المستعملة، "
            "ومنها video وvideos وshow_in_web، تُسرد في الترويسة Fatrina-Ignored.",
        ),
    ),
    ContractItem("field", _split("currency"), "assumed"),
    ContractItem(
        "field",
        _split("page per_page keyword status category format"),
        "documented",
        LocalizedText(
            "A page has at most 60 products; any other parameter is rejected by name.",
            "في الصفحة 60 منتجًا على الأكثر، ويُرفض كل معامل آخر باسمه.",
        ),
    ),
    ContractItem(
        "field",
        _split("event url headers secret security_strategy version id"),
        "documented",
        LocalizedText(
            "Fields of a subscription. `version` is stored without an effect, and the strategy "
            "`none` is assumed to send no header.",
            "حقول الاشتراك. يُحفظ `version` بلا أثر، ويُفترض ألا ترسل الاستراتيجية `none` أي ترويسة.",
        ),
    ),
    ContractItem("response", _split("status success data pagination"), "documented"),
    ContractItem(
        "response",
        _split("id image sort default alt_seo video_url type"),
        "documented",
        LocalizedText(
            "In this order; every key is always present.", "بهذا الترتيب، وكل حقل حاضر دائمًا."
        ),
    ),
    ContractItem(
        "response",
        _split("original standard_resolution low_resolution thumbnail url width height"),
        "documented",
        LocalizedText(
            "The sizes equal the documented figures exactly, but a small photo is never "
            "enlarged, and the original has its real size instead of 0 by 0.",
            "تتبع المقاسات الأرقام الموثّقة بدقة، لكن الصورة الصغيرة لا تُكبَّر، وللأصل مقاسه "
            "الحقيقي بدل صفر في صفر.",
        ),
    ),
    ContractItem(
        "response", _split("main three_d_image_url alt main_image images name sku"), "documented"
    ),
    ContractItem(
        "response",
        _split(
            "promotion title sub_title mpn gtin short_link_code urls customer admin price "
            "taxed_price pre_tax_price tax amount currency description quantity is_available "
            "views sale_price sale_end require_shipping cost_price weight weight_type with_tax "
            "sold_quantity rating total count rate regular_price max_items_per_user "
            "maximum_quantity_per_order show_in_app notify_quantity hide_quantity "
            "unlimited_quantity managed_by_branches services_blocks installments calories "
            "customized_sku_quantity channels starting_price metadata scoped_prices "
            "allow_attachments is_pinned pinned_date enable_upload_image updated_at options skus "
            "categories brand tags is_taxable category has_special_price has_options"
        ),
        "documented",
        LocalizedText(
            "Every documented key of a product is present; figures of sales, views and ratings "
            "are 0.",
            "كل حقل موثّق للمنتج حاضر، وأرقام المبيعات والمشاهدات والتقييمات صفر.",
        ),
    ),
    ContractItem("response", _split("message code"), "documented"),
    ContractItem("response", _split("event label"), "documented"),
    ContractItem("response", _split("rule version"), "assumed"),
    ContractItem(
        "response",
        _split("headers security strategy secret"),
        "documented",
        LocalizedText("The secret is masked.", "المفتاح السري محجوب."),
    ),
    ContractItem(
        "response",
        _split("count total perPage currentPage totalPages links next previous"),
        "documented",
    ),
    ContractItem("status", _split("200 201 202 401 404 422"), "documented"),
    ContractItem(
        "status",
        _split("400 405 429 500 503"),
        "documented",
        LocalizedText(
            "The codes are documented; the body of 429 is not.",
            "رموز الحالة موثّقة، أما جسم الرد 429 فلا.",
        ),
    ),
    ContractItem("status", _split("304 409 410 412 428"), "extension"),
    ContractItem(
        "status",
        _split("408 413 507"),
        "assumed",
        LocalizedText("Where the contract specifies nothing.", "حيث لا يذكر التوثيق شيئًا."),
    ),
    ContractItem(
        "header",
        _split("x-ratelimit-limit x-ratelimit-remaining x-ratelimit-reset retry-after"),
        "documented",
    ),
    ContractItem("header", _split("content-type"), "observed"),
    ContractItem("header", _split("etag idempotency-replayed"), "extension"),
    ContractItem(
        "header",
        _split(
            "x-request-id fatrina-reason fatrina-ignored content-language cache-control "
            "www-authenticate"
        ),
        "assumed",
        LocalizedText("Added by Fatrina to the contract.", "تضيفها فترينة إلى الواجهة."),
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
