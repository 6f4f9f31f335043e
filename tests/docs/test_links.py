import pytest
from pages import DOCS, NAMES, PAGES, ROOT, anchors, links


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_internal_link_of_the_page_resolves(page):
    for target in links(page):
        if "://" in target or target.startswith("mailto:"):
            continue
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        assert found.exists(), f"{target} leads nowhere"
        assert ROOT in (found, *found.parents), f"{target} leads out of the project"
        assert not anchor or anchor in anchors(found), f"{target}: no such heading"


def test_the_index_leads_to_every_page_of_the_documentation():
    index = DOCS / "README.md"
    reached = {(DOCS / target.partition("#")[0]).resolve() for target in links(index) if "://" not in target}
    pages = [page for page in PAGES if DOCS in page.parents and page != index]
    assert [page for page in pages if page not in reached and page.parent not in reached] == []
