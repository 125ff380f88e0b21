"""Words from which invented people are made: flowers, trees and fruits for first names, `สมมติ` before every surname."""

FEMALE_NAMES = (
    "มะลิ", "กุหลาบ", "บัวหลวง", "จำปา", "จำปี", "พิกุล", "การะเกด", "ลำดวน", "ชบา", "กรรณิการ์", "พุดซ้อน", "บุษบา",
    "ราตรี", "ทานตะวัน", "อัญชัน", "ชมพู่", "เชอร์รี่", "น้อยหน่า", "ลิ้นจี่", "มะปราง", "ส้มโอ", "ใบเตย", "ผักบุ้ง", "ขนุน",
    "พุทรา", "มะยม", "ดาหลา", "กล้วยไม้", "เฟื่องฟ้า", "บานชื่น",
)  # fmt: skip
MALE_NAMES = (
    "สักทอง", "ตะเคียน", "พะยูง", "ไผ่", "มะขาม", "ประดู่", "ยางนา", "กระถิน", "มะพร้าว", "ทุเรียน", "มังคุด", "ลำไย",
    "ลองกอง", "สับปะรด", "มะม่วง", "มะนาว", "แตงโม", "ฟักทอง", "กระท้อน", "มะเฟือง", "สะเดา", "ราชพฤกษ์", "หางนกยูง", "สน",
    "จามจุรี", "ตาล", "โพธิ์", "ไทร", "ข้าวหอม", "เต็งรัง",
)  # fmt: skip
SURNAME_SYLLABLES = (
    "แก้ว", "ทอง", "ดี", "งาม", "สุข", "ชัย", "มั่น", "คง", "ศรี", "พร", "ใจ", "รัตน์", "วงศ์", "เจริญ", "สว่าง", "ไพร",
    "ธาร", "ภูมิ", "นคร", "บุญ", "เพชร", "ขจร", "ลือ", "เดช", "ฟ้า", "ดาว", "จันทร์", "ตะวัน", "ธรรม", "กุล",
)  # fmt: skip
SURNAME_PREFIX = "สมมติ"


def surname(number: int) -> str:
    """The surname of a number: plainly invented, two syllables after the prefix."""
    first, second = divmod(number % len(SURNAME_SYLLABLES) ** 2, len(SURNAME_SYLLABLES))
    return SURNAME_PREFIX + SURNAME_SYLLABLES[first] + SURNAME_SYLLABLES[second]
