"""Precision, recall and F1 of Sluice's detectors and of Microsoft Presidio's on one labelled corpus, and Sluice's speed.

Presidio runs all of its pattern recognisers, for every country. Models for names are not among them: its language engine is
a blank English spaCy pipeline whose lemmas are the words in small letters, which is what its context words need, and its list
of top-level domains is the one that comes with tldextract. For each entity the score threshold that is best for Presidio
counts.
"""

import json
import subprocess
import sys
from collections import Counter

# What Presidio calls the entities that both know.
SHARED = {
    "EMAIL_ADDRESS": "email", "PHONE_NUMBER": "phone", "CREDIT_CARD": "credit_card", "IBAN_CODE": "iban", "US_SSN": "us_ssn",
    "US_ITIN": "us_itin", "UK_NINO": "uk_nino", "DE_TAX_ID": "de_tax_id", "DE_ID_CARD": "de_id_card", "IN_AADHAAR": "in_aadhaar",
    "IN_PAN": "in_pan", "ES_NIF": "es_dni", "ES_NIE": "es_nie", "IP_ADDRESS": "ip_address", "MAC_ADDRESS": "mac_address",
    "CRYPTO": "btc_address", "US_PASSPORT": "passport", "UK_PASSPORT": "passport", "IN_PASSPORT": "passport",
    "ES_PASSPORT": "passport", "DE_PASSPORT": "passport", "DATE_TIME": "date_of_birth", "PERSON": "person_name",
}
THRESHOLDS = [0.0, 0.2, 0.35, 0.5, 0.65, 0.8, 0.95]
CHECKED = {
    "credit_card", "iban", "br_cpf", "br_cnpj", "de_tax_id", "fr_nir", "in_aadhaar", "es_dni", "es_nie", "btc_address",
    "eth_address", "aws_access_key", "jwt", "private_key", "secret",
}
GOAL = 0.98


def matches(found, spans):
    """How many of the found spans mean a labelled one of the same entity: half of what either covers is common to both."""
    right = Counter()
    open_spans = list(spans)
    for start, end, entity in found:
        for span in open_spans:
            common = min(end, span[1]) - max(start, span[0])
            if span[2] == entity and 2 * common >= max(end, span[1]) - min(start, span[0]):
                open_spans.remove(span)
                right[entity] += 1
                break
    return right


def scores(samples, findings):
    right, found, labelled = Counter(), Counter(), Counter()
    for sample, spans in zip(samples, findings):
        right += matches(spans, sample["spans"])
        found.update(span[2] for span in spans)
        labelled.update(span[2] for span in sample["spans"])
    result = {}
    for entity in sorted(labelled | found):
        precision = right[entity] / found[entity] if found[entity] else 0.0
        recall = right[entity] / labelled[entity] if labelled[entity] else 0.0
        f1 = 2 * precision * recall / (precision + recall) if right[entity] else 0.0
        result[entity] = (precision, recall, f1, labelled[entity])
    return result


def presidio(samples):
    """Findings by threshold, in bytes."""
    import spacy
    import tldextract.tldextract
    from presidio_analyzer import AnalyzerEngine, PatternRecognizer, RecognizerRegistry, predefined_recognizers
    from presidio_analyzer.nlp_engine import SpacyNlpEngine
    from spacy.language import Language

    @Language.component("small_letters")
    def small_letters(doc):
        for token in doc: token.lemma_ = token.text.lower()
        return doc

    class BlankEngine(SpacyNlpEngine):
        def __init__(self):
            super().__init__()
            pipeline = spacy.blank("en")
            pipeline.add_pipe("small_letters")
            self.nlp = {"en": pipeline}

        def is_loaded(self): return True

        def load(self): pass

    tldextract.tldextract.TLD_EXTRACTOR.suffix_list_urls = ()  # nothing is fetched
    registry = RecognizerRegistry(supported_languages=["en"])
    for name in dir(predefined_recognizers):
        kind = getattr(predefined_recognizers, name)
        if isinstance(kind, type) and issubclass(kind, PatternRecognizer):
            registry.add_recognizer(kind(supported_language="en"))
    registry.add_recognizer(predefined_recognizers.PhoneRecognizer(supported_language="en"))
    engine = AnalyzerEngine(registry=registry, nlp_engine=BlankEngine(), supported_languages=["en"])
    by_threshold = {threshold: [] for threshold in THRESHOLDS}
    for sample in samples:
        text = sample["text"]
        context = sample["column"].replace("_", " ").split()
        results = [r for r in engine.analyze(text, "en", context=context or None) if r.entity_type in SHARED]
        for threshold, findings in by_threshold.items():
            spans = {}
            for result in results:
                if result.score < threshold: continue
                start = len(text[:result.start].encode())
                span = (start, start + len(text[result.start:result.end].encode()), SHARED[result.entity_type])
                spans[span] = True
            findings.append(list(spans))
    return by_threshold


def main():
    bench, corpus = sys.argv[1:]
    with open(corpus) as lines: samples = [json.loads(line) for line in lines]
    output = subprocess.run([bench, "find", corpus], check=True, capture_output=True, text=True).stdout
    sluice = scores(samples, [[span[:3] for span in json.loads(line)] for line in output.splitlines()])
    best = {}
    for findings in presidio(samples).values():
        for entity, score in scores(samples, findings).items():
            if score[2] > best.get(entity, (0, 0, 0))[2]: best[entity] = score
    print(f"{len(samples)} texts\n")
    print("| entity | labelled | precision | recall | F1 | Presidio: precision | recall | F1 |\n|---|---|---|---|---|---|---|---|")
    short, level = [], []
    for entity, (precision, recall, f1, count) in sluice.items():
        other = best.get(entity)
        theirs = " | ".join(f"{value:.3f}" for value in other[:3]) if other else " | | "
        print(f"| {entity} | {count} | {precision:.3f} | {recall:.3f} | {f1:.3f} | {theirs} |")
        if entity in CHECKED and min(precision, recall) < GOAL: short.append(f"{entity}: below {GOAL}")
        if other and f1 == other[2] == 1: level.append(entity)
        elif other and f1 <= other[2]: short.append(f"{entity}: F1 not above Presidio's")
    print("\n" + ("; ".join(short) if short else f"Every checked entity ≥ {GOAL}, every shared one above Presidio, or both without an error."))
    if level: print("Without an error in both: " + ", ".join(level))
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())
