"""Posts that no children's book goes with: a recommender that speaks up here is not believed elsewhere."""

from __future__ import annotations

OFF_TOPIC = {
    "New billing software": (
        "We are moving to new billing software this month. You will get an invoice by email with a link to pay online. "
        "Your password stays the same, so there is no need to worry. Please update your insurance details by Friday. If "
        "the login page shows an error, write to the office. We hope this change makes your life easier."
    ),
    "Site maintenance on Sunday": (
        "The website will be down for maintenance on Sunday night. Hosting and database are moving to a new server. "
        "Comments are closed meanwhile. Be patient with us and please clear your browser cache afterwards."
    ),
    "Notes from the spring conference": (
        "Twelve hundred clinicians came to the conference. The keynote was full, the panel discussion lively, and the "
        "exhibitor hall had good coffee. Registration for next year opens in May; early bird prices end in June."
    ),
    "What I cooked this weekend": (
        "Preheat the oven. Chop two onions and fry them in a tablespoon of oil. Add the beans, the tomatoes and the "
        "stock, and simmer for forty minutes. Serve with bread."
    ),
    "Our office has a new address": (
        "From March the office is on Mill Street, third floor. Parking is behind the building. Phone numbers stay the "
        "same. The lift is out of order until April, so please use the stairs."
    ),
    "Tax season for private practice": (
        "Keep your bookkeeping in one spreadsheet. Payroll, rent and licence fees go in separate columns. An accountant "
        "costs less than a mistake on a tax return. Deadlines differ by state."
    ),
    "Results of the 10 km race": (
        "The charity road race had four hundred runners. The course goes round the lake twice. Winner in thirty-two "
        "minutes: last year's champion. Race numbers can be handed back until Thursday."
    ),
    "CE credits: how to get your certificate": (
        "After the webinar, fill in the evaluation form and download the certificate from your account. CE credits are "
        "reported within ten days. The trauma training and the grief training have separate forms."
    ),
    "Why we moved to a new billing system": (
        "From the first of the month all invoices come from a new system. Your card details were carried over, and "
        "the portal shows every charge with its date. If a statement looks wrong, reply to the email and the office "
        "will correct it within two days."
    ),
    "My favourite way to brew coffee": (
        "I grind the beans coarse, pour the water in three slow turns and wait four minutes. The kettle matters less "
        "than people say. A cheap scale made the biggest difference, and I now weigh everything, even on holiday."
    ),
    "Notes from the regional conference": (
        "Two hundred clinicians met in the harbour hotel. The keynote compared outcome measures, and the panel on "
        "licensure across state lines ran over its time. Slides will be posted when the speakers send them."
    ),
    "How I keep my case notes": (
        "I write them the same day, in four headings, and never more than a page. The template lives in an encrypted "
        "folder. Twice a year I check the retention rules and shred what is past its date."
    ),
    "A weekend in Lisbon": (
        "We took the tram up the hill, ate sardines under a vine and walked until our feet hurt. The tiles in the "
        "museum were worth the queue. Fly midweek if you can, the fares are half."
    ),
    "Understanding your deductible": (
        "A deductible is what you pay before the plan pays. After it is met you owe a share of each session until the "
        "yearly maximum. Call the number on your card and ask for the out-of-network benefits in writing."
    ),
    "Roasted squash with sage": (
        "Cut the squash in half, oil it, and roast it cut side down for forty minutes. Fry sage leaves in brown "
        "butter until they crackle. Salt at the end and serve with bread."
    ),
    "The new website is live": (
        "The menu is simpler, pages load in half the time and the contact form finally works on phones. Old links "
        "lead to the new pages. Tell us if something looks broken in your browser."
    ),
    "Choosing a standing desk": (
        "The motor should lift eighty kilos without a groan, and the top should not wobble when you type. I measured "
        "six desks. The cheapest had the best warranty, the dearest the worst cable tray."
    ),
    "What changed in the telehealth rules": (
        "The waiver that allowed sessions by video across state lines ends in December. Clinicians need a licence "
        "where the client sits. The board has published a form, and processing takes about six weeks."
    ),
    "Election night at our house": (
        "We watched the counties come in until one in the morning. Turnout was the highest in forty years. The "
        "recount in the second district will take until Friday, the clerk said."
    ),
    "Training for a half marathon at fifty": (
        "Three runs a week, one of them long and slow, brought me to the line without an injury. New shoes at four "
        "hundred miles. The last hill was as steep as they had warned."
    ),
    "Office closed for renovation": (
        "Painters will be in the building from the tenth to the twentieth. Sessions go on by video. Use the side "
        "entrance for the pharmacy, and note that the lift will be out of order."
    ),
    "Interest rates and your practice loan": (
        "Fixed rates fell a quarter point in spring. Before you refinance, add the closing cost and divide by the "
        "monthly saving. If you plan to sell within three years it rarely pays."
    ),
    "Spring cleaning the supervision syllabus": (
        "Supervisees now read four papers instead of nine and record two sessions a term. The grading sheet is one "
        "page. Feedback on the pilot was good, so the department will keep it."
    ),
    "Five podcasts for clinicians": (
        "One covers ethics, one private practice marketing, one reads new trials aloud, and two are interviews. I "
        "listen at one and a half speed while doing the dishes."
    ),
    "The dishwasher saga": (
        "The technician came three times. First the pump, then the valve, then the board. In the end a replacement "
        "was cheaper than the fourth visit, and the old machine went to the scrap yard."
    ),
    "Reviewing the draft guideline on dosing": (
        "The committee recommends lower starting doses and slower titration. Evidence for the second line is thin: "
        "two trials, both small. Comments are open until the end of the month."
    ),
    "Pruning roses in February": (
        "Cut above an outward bud at a slant, take out the dead wood and burn it. Feed in March. The climbers want "
        "only a tidy, the shrub roses a third off."
    ),
    "Sponsorship packages for the gala": (
        "Gold sponsors get a table for eight and their logo on the banner. Silver sponsors get four seats. Send the "
        "artwork by the third so that the printer can proof it."
    ),
}  # fmt: skip
