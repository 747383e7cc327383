"""The labels of `lscpu` in other languages, for outputs that were pasted as they were seen.

hwdoctor itself asks in English; people do not. The labels are those of util-linux' translations
(read 2026-11, 39465c780); a label of two meanings is left out, and so is one that lscpu prints in
English as well. Only what the reader of lscpu uses is in here.
"""

_ENGLISH = (
    "Architecture",
    "CPU(s)",
    "On-line CPU(s) list",
    "Vendor ID",
    "Model name",
    "Thread(s) per core",
    "Core(s) per socket",
    "Socket(s)",
    "Hypervisor vendor",
    "Virtualization type",
    "Flags",
)
# One line a language, in the order above; an empty place: not translated.
_LANGUAGES = """
Architektur|CPU(s)|Liste der Online-CPU(s)|Anbieterkennung|Modellname|Thread(s) pro Kern|Kern(e) pro Sockel|Sockel|Hypervisor-Anbieter|Virtualisierungstyp|Markierungen
Architecture|Processeur(s)|Liste de processeur(s) en ligne|Identifiant constructeur|Nom de modèle|Thread(s) par cœur|Cœur(s) par socket|Socket(s)|Constructeur d'hyperviseur|Type de virtualisation|Drapeaux
Arquitectura|CPU(s)|Lista de la(s) CPU(s) en línea|ID de fabricante|Nombre del modelo|Hilo(s) de procesamiento por núcleo|Núcleo(s) por «socket»|«Socket(s)»|Fabricante del hipervisor|Tipo de virtualización|Indicadores
Arquitetura|CPU(s)|Lista de CPU(s) on-line|ID de fornecedor|Nome do modelo|Thread(s) per núcleo|Núcleo(s) por soquete|Soquete(s)||Tipo de virtualização|Opções
Architectuur|CPU's|Online CPU's-lijst|Producent-ID|Modelnaam|Draden per kern|Kernen per voet|CPU-voeten|Hypervisorproducent|Virtualisatiesoort|Vlaggen
Architektura|CPU|Lista aktywnych CPU|ID producenta|Nazwa modelu|Wątków na rdzeń|Rdzeni na gniazdo|Gniazd|Producent hipernadzorcy|Typ wirtualizacji|Flagi
Архітектура|Процесори|Список робочих ЦП|Ідентифікатор виробника|Назва моделі|Потоків на ядро||Сокети|Виробник гіпервізора|Тип віртуалізації|Прапорці
Архитектура||||Имя модели||Ядер на сокет|Сокетов|Разработчик гипервизора|Тип виртуализации|Флаги
アーキテクチャ|CPU|オンラインになっている CPU のリスト|ベンダー ID|モデル名|コアあたりのスレッド数|ソケットあたりのコア数|ソケット数|ハイパーバイザのベンダー|仮想化タイプ|フラグ
아키텍처|CPU|온라인 CPU 목록|제조자 ID|모델 이름|코어 당 스레드|소켓 당 코어 수|소켓|하이퍼바이저 제조|가상화 형식|플래그
架构|CPU|在线 CPU 列表|厂商 ID|型号名称|每个核的线程数|每个座的核数|座|超管理器厂商|虚拟化类型|标记
架構|||供應商識別號||每核心執行緒數|每通訊端核心數||Hypervisor 供應商|虛擬型態|
"""  # noqa: E501 -- one language a line is what makes them comparable

LABELS: dict[str, str] = {
    label: english
    for line in _LANGUAGES.strip().split("\n")
    for label, english in zip(line.split("|"), _ENGLISH, strict=True)
    if label and label != english
}
