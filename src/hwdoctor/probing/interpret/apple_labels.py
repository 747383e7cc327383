"""The labels of System Information in other languages, for reports that were copied from there.

The window speaks the user's language, and people paste from it. Labels as read off published
reports (2026-11) in German, Russian, Chinese and Japanese, and of macOS' own translation in French
and Spanish. A label that is not in here is not read, and nothing is guessed from its place.
"""

LABELS: dict[str, str] = {
    "Modellname": "Model Name",
    "Modell-Identifizierung": "Model Identifier",
    "Modellidentifizierung": "Model Identifier",
    "Prozessortyp": "Processor Name",
    "Gesamtanzahl der Kerne": "Total Number of Cores",
    "Speicher": "Memory",
    "Systemfirmwareversion": "System Firmware Version",
    "Nom du modèle": "Model Name",
    "Identifiant du modèle": "Model Identifier",
    "Puce": "Chip",
    "Nom du processeur": "Processor Name",
    "Nombre total de cœurs": "Total Number of Cores",
    "Mémoire": "Memory",
    "Nombre del modelo": "Model Name",
    "Identificador del modelo": "Model Identifier",
    "Nombre del procesador": "Processor Name",
    "Número total de núcleos": "Total Number of Cores",
    "Memoria": "Memory",
    "Название модели": "Model Name",
    "Идентификатор модели": "Model Identifier",
    "Чип": "Chip",
    "Имя процессора": "Processor Name",
    "Общее количество ядер": "Total Number of Cores",
    "Память": "Memory",
    "型号名称": "Model Name",
    "型号标识符": "Model Identifier",
    "芯片": "Chip",
    "处理器名称": "Processor Name",
    "核总数": "Total Number of Cores",
    "内存": "Memory",
    "系统固件版本": "System Firmware Version",
    "機種名": "Model Name",
    "機種ID": "Model Identifier",
    "チップ": "Chip",
    "プロセッサ名": "Processor Name",
    "コアの総数": "Total Number of Cores",
    "メモリ": "Memory",
}

GIGABYTES = ("Go", "ГБ")
"""What French and Russian write for GB."""
